import { fchownSync, fstatSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { boundCapabilities, dieWithParent, errnoOf, refuseNewPrivileges, setCapabilities } from "@cooper/sys";
import type { RuntimeConfiguration } from "../configuration.ts";

type ProcessConfiguration = RuntimeConfiguration["process"];

/**
 * Gives up what the container must not have: system calls, capabilities, the user. In this order, since
 * each takes rights that the one before it needs.
 */
export function becomeUser(
  { user, capabilities, noNewPrivileges }: ProcessConfiguration,
  installFilter: () => void,
): void {
  boundCapabilities(capabilities.bounding);
  if (noNewPrivileges) refuseNewPrivileges();
  installFilter();
  if (maySetGroups()) process.setgroups?.([...user.additionalGids]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  // Who is no longer root holds no capability any more; root holds those that it may.
  if (user.uid === 0) setCapabilities(capabilities.effective);
  // A change of user undoes what was set before: prctl(2), PR_SET_PDEATHSIG.
  dieWithParent(constants.signals.SIGKILL);
}

/** A user's own namespace with one id forbids it: user_namespaces(7). */
function maySetGroups(): boolean {
  return readFileSync("/proc/self/setgroups", "utf8").trim() === "allow";
}

/** Gives the user its standard streams, so that it may open /dev/stdout; not where they are the host's. */
export function giveStreams({ uid, gid }: ProcessConfiguration["user"]): void {
  for (const descriptor of [0, 1, 2]) {
    const status = fstatSync(descriptor);
    if (!status.isFIFO() && !status.isCharacterDevice()) continue;
    if (status.uid === uid || status.rdev === NULL_DEVICE) continue;
    try {
      fchownSync(descriptor, uid, gid);
    } catch (error) {
      // Another user's terminal, or an id that this namespace has no room for.
      if (!["EPERM", "EINVAL", "EROFS"].includes(errnoOf(error) ?? "")) throw error;
    }
  }
}

/** makedev(1, 3) */
const NULL_DEVICE = 0x103;
