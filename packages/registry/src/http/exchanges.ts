import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Exchange {
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Bytes that the connection had moved when it was last looked at; undefined before the first look. */
  moved: number | undefined;
}

/** The requests that are being answered, and whom each of them waits for. */
export class Exchanges {
  readonly #running = new Map<IncomingMessage, Exchange>();

  get size(): number {
    return this.#running.size;
  }

  add(request: IncomingMessage, response: ServerResponse): void {
    this.#running.set(request, { response, socket: request.socket, moved: undefined });
  }

  remove(request: IncomingMessage): void {
    this.#running.delete(request);
  }

  /** Of a connection that has gone. */
  removeAll(socket: Socket): void {
    for (const [request, exchange] of this.#running) {
      if (exchange.socket === socket) this.#running.delete(request);
    }
  }

  /** After their answers, their connections end. */
  letLast(): void {
    for (const { response } of this.#running.values()) response.shouldKeepAlive = false;
  }

  /** Whether something is being done for this connection that its client need not help with. */
  isWorking(socket: Socket): boolean {
    for (const [request, exchange] of this.#running) {
      if (exchange.socket === socket && !waitsForClient(request, exchange)) return true;
    }
    return false;
  }

  /** Breaks off what waits for its client, and has moved fewer bytes than `least` since it was last looked at. */
  endSlow(least: number): void {
    for (const [request, exchange] of this.#running) {
      const { socket, moved } = exchange;
      exchange.moved = socket.bytesRead + sentBytes(socket);
      if (moved !== undefined && exchange.moved - moved < least && waitsForClient(request, exchange)) {
        socket.destroy();
      }
    }
  }
}

/** The client has not sent all of its request, or not taken what is ready for it. */
function waitsForClient(request: IncomingMessage, { response, socket }: Exchange): boolean {
  return !request.complete || response.writableLength > 0 || socket.writableLength > 0;
}

/** What the system has taken; `bytesWritten` also counts what still waits. */
function sentBytes(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}
