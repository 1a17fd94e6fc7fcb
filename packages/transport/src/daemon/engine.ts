import type { Readable } from "node:stream";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { errnoOf } from "@cooper/sys";
import type { Agent, Dispatcher } from "undici";
import { TransportError } from "../errors.ts";
import { type EngineEndpoint, engineEndpoint } from "./endpoint.ts";

/** Bytes of an answer that is read for what it says. */
const MESSAGE_LIMIT = 1024 * 1024;

/** A Docker engine, spoken to over its socket (docs.docker.com/engine/api, Images). */
export class Engine {
  readonly address: string;
  readonly #origin: string;
  readonly #connect: EngineEndpoint["connect"];
  #agent: Agent | undefined;

  /** Finds the engine as `engineEndpoint` does; nothing is opened before it is asked for something. */
  constructor(environment: Readonly<Record<string, string | undefined>> = process.env) {
    const { address, origin, connect } = engineEndpoint(environment);
    this.address = address;
    this.#origin = origin;
    this.#connect = connect;
  }

  /** An image as a Docker archive. `NOT_FOUND`, `ENGINE_UNREACHABLE`, `ENGINE_FAILED` */
  async save(name: string, options: Cancellable = {}): Promise<ByteStream> {
    const { statusCode, body } = await this.#request("GET", `/images/${encodeURI(name)}/get`, options);
    if (statusCode === 200) return body;
    const message = await messageOf(body);
    if (statusCode === 404) {
      throw new TransportError("NOT_FOUND", `the Docker engine has no image ${name}`, {
        fields: { address: this.address, image: name },
      });
    }
    throw this.#failed(`would not give ${name}`, message, statusCode);
  }

  /** Loads a Docker archive while it is being written. `ENGINE_UNREACHABLE`, `ENGINE_FAILED` */
  async load(archive: Readable, options: Cancellable = {}): Promise<void> {
    const { statusCode, body } = await this.#request("POST", "/images/load?quiet=1", {
      ...options,
      body: archive,
    });
    const message = await messageOf(body);
    const fault = /"error":"((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
    if (statusCode !== 200) throw this.#failed("would not load the image", message, statusCode);
    if (fault !== undefined) throw this.#failed("would not load the image", fault, statusCode);
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
  }

  async #request(
    method: "GET" | "POST",
    path: string,
    { signal, body }: Cancellable & { readonly body?: Readable },
  ): Promise<Dispatcher.ResponseData> {
    const { Agent, request } = await import("undici");
    // Saving and loading say nothing for as long as the engine works on a layer.
    this.#agent ??= new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: this.#connect });
    try {
      return await request(`${this.#origin}${path}`, {
        method,
        dispatcher: this.#agent,
        ...(signal === undefined ? {} : { signal }),
        ...(body === undefined ? {} : { body, headers: { "content-type": "application/x-tar" } }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#unreachable(error);
    }
  }

  #unreachable(cause: unknown): unknown {
    const errno = errnoOf(cause) ?? "";
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (/^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) {
      return new TransportError("TLS", `cannot trust the Docker engine at ${this.address} (${code})`, {
        cause,
        fields: { address: this.address, code },
        advice: "Put ca.pem, cert.pem and key.pem for it into DOCKER_CERT_PATH, or into its Docker context.",
      });
    }
    if (!/^(?:ENOENT|ECONNREFUSED|EACCES|ENOTFOUND|EHOSTUNREACH|ENOTSOCK|EPERM)$/.test(errno)) {
      return new TransportError(
        "ENGINE_FAILED",
        `the connection to the Docker engine broke: ${String(cause)}`,
        {
          cause,
          fields: { address: this.address },
        },
      );
    }
    const isDenied = errno === "EACCES" || errno === "EPERM";
    return new TransportError(
      "ENGINE_UNREACHABLE",
      isDenied ? `may not speak to ${this.address}` : `there is no Docker engine at ${this.address}`,
      {
        cause,
        kind: "host",
        fields: { address: this.address, errno },
        advice: isDenied
          ? "Become root, or a member of the group docker."
          : "Start it (on Debian: apt-get install docker.io), or set DOCKER_HOST to where it is.",
      },
    );
  }

  #failed(what: string, message: string, status: number): TransportError {
    return new TransportError("ENGINE_FAILED", `the Docker engine ${what}: ${message.trim()}`, {
      fields: { address: this.address, status },
    });
  }
}

async function messageOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size <= MESSAGE_LIMIT) chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  return /^\{"message":"((?:[^"\\]|\\.)*)"\}\s*$/.exec(text)?.[1] ?? text;
}
