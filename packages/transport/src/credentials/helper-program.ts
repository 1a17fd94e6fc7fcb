import { spawn } from "node:child_process";
import { z } from "zod";
import { TransportError } from "../errors.ts";
import type { Environment } from "../registry/http/proxy.ts";
import { plainText } from "../registry/http/warnings.ts";
import { ANONYMOUS, basicCredential, identityCredential } from "./credential.ts";
import type { Credential } from "./credential.ts";

/** Bytes that a helper may print. */
const OUTPUT_LIMIT = 1024 * 1024;
/** Milliseconds: some ask the user for a password. */
const PATIENCE = 120_000;
/** The name under which a helper gives an identity token. */
const IDENTITY_USER = "<token>";

const Found = z.object({ Username: z.string(), Secret: z.string() });

/**
 * A program `docker-credential-NAME` that keeps secrets outside the file (docker-credential-helpers,
 * README). It takes a server's key or JSON on its standard input, never in its arguments.
 */
export class CredentialHelper {
  readonly #name: string;
  readonly #environment: Environment;

  constructor(name: string, environment: Environment) {
    if (!/^[\w.-]+$/.test(name)) {
      throw new TransportError(
        "CREDENTIAL_HELPER",
        `${JSON.stringify(name)} is not a credential helper's name`,
        {
          advice:
            "It is what follows docker-credential- in a program's name; correct credsStore or credHelpers.",
        },
      );
    }
    this.#name = name;
    this.#environment = environment;
  }

  /** `docker-credential-NAME` */
  get program(): string {
    return `docker-credential-${this.#name}`;
  }

  /** What is kept for a server; anonymous if nothing is. `CREDENTIAL_HELPER` */
  async get(server: string): Promise<Credential> {
    const { status, output } = await this.#run("get", server);
    if (status !== 0) {
      if (/credentials not found/i.test(output)) return ANONYMOUS;
      throw this.#failed("get", status, output);
    }
    const found = Found.safeParse(parse(output));
    if (!found.success) {
      throw new TransportError("CREDENTIAL_HELPER", `${this.program} gave no answer that can be read`, {
        advice: `Try: echo ${server} | ${this.program} get`,
      });
    }
    const { Username: username, Secret: secret } = found.data;
    if (username === "" && secret === "") return ANONYMOUS;
    return username === IDENTITY_USER ? identityCredential(secret) : basicCredential(username, secret);
  }

  /** `CREDENTIAL_HELPER` */
  async store(server: string, username: string, password: string): Promise<void> {
    const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
    const { status, output } = await this.#run("store", input);
    if (status !== 0) throw this.#failed("store", status, output.replaceAll(password, "(hidden)"));
  }

  /** Whether there was anything to erase. `CREDENTIAL_HELPER` */
  async erase(server: string): Promise<"erased" | "absent"> {
    const { status, output } = await this.#run("erase", server);
    if (status === 0) return "erased";
    if (/credentials not found/i.test(output)) return "absent";
    throw this.#failed("erase", status, output);
  }

  async #run(command: string, input: string): Promise<{ status: number | null; output: string }> {
    const child = spawn(this.program, [command], {
      env: { ...this.#environment },
      stdio: ["pipe", "pipe", "ignore"],
      // Not `timeout`: its timer outlives a program that could not be started.
      signal: AbortSignal.timeout(PATIENCE),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > OUTPUT_LIMIT) child.kill("SIGKILL");
      else chunks.push(chunk);
    });
    child.stdin.on("error", () => {}); // it may end without reading; its status tells
    child.stdin.end(input);
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    }).catch((cause: unknown) => {
      throw new TransportError("CREDENTIAL_HELPER", `cannot run the credential helper ${this.program}`, {
        cause,
        kind: "host",
        advice: `Install ${this.program}, or take ${JSON.stringify(this.#name)} out of credsStore and credHelpers.`,
      });
    });
    return { status, output: Buffer.concat(chunks).toString("utf8") };
  }

  /** Helpers tell on standard output why they failed; a secret is there only when they did not. */
  #failed(command: string, status: number | null, output: string): TransportError {
    const said = plainText(output, 200);
    return new TransportError(
      "CREDENTIAL_HELPER",
      `${this.program} ${command} failed (status ${status ?? "none: killed"})${said === "" ? "" : `: ${said}`}`,
      { advice: "Log in again, or take the helper out of credsStore and credHelpers." },
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
