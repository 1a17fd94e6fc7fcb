import { quoted } from "./authorize.ts";
import type { Authorize } from "./authorize.ts";
import { basicCredentials } from "./basic.ts";
import type { Credentials } from "./basic.ts";
import type { Allows } from "./rules.ts";

export interface UserOptions {
  /** What the client shows to its user. */
  readonly realm: string;
  /** Whether these are somebody's credentials; undefined where nobody has a name. */
  readonly authenticate: ((credentials: Credentials) => Promise<boolean>) | undefined;
  readonly allows: Allows;
}

/**
 * Lets users do by name and password (RFC 7617) what rules allow them, and visitors without a name what
 * rules allow everybody. Coming in at `/v2/` needs a name where there are users: only if they are asked
 * there, docker and podman send theirs with what follows.
 */
export function userAuthorization({ realm, authenticate, allows }: UserOptions): Authorize {
  const challenge = {
    verdict: "challenge",
    challenge: `Basic realm=${quoted(realm)}, charset="UTF-8"`,
  } as const;
  return async (request, access) => {
    if (authenticate === undefined) {
      return access.action === "enter" || allows(undefined, access)
        ? { verdict: "allow" }
        : { verdict: "deny" };
    }
    const credentials = basicCredentials(request);
    if (credentials === undefined) {
      // Other credentials than these are no reason to take somebody for nobody.
      const isNobody = request.headers.authorization === undefined;
      return isNobody && access.action !== "enter" && allows(undefined, access)
        ? { verdict: "allow" }
        : challenge;
    }
    if (!(await authenticate(credentials))) return challenge;
    const { username } = credentials;
    return access.action === "enter" || allows(username, access)
      ? { verdict: "allow", username }
      : { verdict: "deny" };
  };
}
