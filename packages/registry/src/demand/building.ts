import { formatReference } from "@cooper/oci";
import type { Digest } from "@cooper/oci";
import { RegistryError } from "../errors.ts";
import type { Build, Builds, BuildStatus } from "./builds.ts";
import { makeFault } from "./faults.ts";
import { Flights } from "./flights.ts";
import type { Boarded, Flight } from "./flights.ts";
import type { Ledger } from "./ledger.ts";
import type { ImageMaker } from "./make-image.ts";
import type { Name } from "./name.ts";
import type { DemandLimits } from "./options.ts";
import { Queue } from "./queue.ts";
import type { Place } from "./queue.ts";

export interface BuildingOptions {
  readonly builds: Builds;
  readonly imageMaker: ImageMaker;
  readonly ledger: Ledger;
  readonly limits: DemandLimits;
  readonly lingerSeconds: number;
  /** Is told of each build when it has ended. */
  readonly observe: (build: BuildStatus) => void;
}

interface BuildFlight extends Flight {
  readonly done: Promise<Digest>;
}

/** Builds that go on, one for a name, as many at once as limits allow. */
export class Building {
  readonly #options: BuildingOptions;
  readonly #queue: Queue;
  readonly #flights: Flights<BuildFlight>;

  constructor(options: BuildingOptions) {
    this.#options = options;
    const { builds: running, waiting, perVisitor, memoryBytes } = options.limits;
    this.#queue = new Queue("images are being made", { running, waiting, perVisitor, memoryBytes });
    this.#flights = new Flights({ lingerSeconds: options.lingerSeconds });
  }

  /** Builds that go on. */
  get running(): number {
    return this.#queue.running;
  }

  /** Builds that wait for their turn. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Joins the build of a name, or starts one. `TOOMANYREQUESTS` */
  board(name: Name, visitor: string): Boarded<BuildFlight> {
    return this.#flights.board(name.text, (signal) => {
      const place = this.#queue.admit(visitor);
      const build = this.#options.builds.add({
        name: name.text,
        reference: formatReference(name.reference),
        visitor,
        waiting: () => this.#flights.waiting(name.text),
      });
      const done = this.#attempt(name, build, place, signal).finally(() =>
        this.#options.observe(build.status()),
      );
      // Those who wait for it are told.
      done.catch(() => {});
      return { done };
    });
  }

  /** Stops a build, also for those who wait for it. Whether it went on. */
  stop(build: Build): boolean {
    return !build.hasEnded && this.#flights.stop(build.status().name, stopped());
  }

  async close(): Promise<void> {
    await this.#flights.close(stopped());
  }

  async #attempt(name: Name, build: Build, place: Place, signal: AbortSignal): Promise<Digest> {
    const { limits } = this.#options;
    let deadline: AbortSignal | undefined;
    try {
      return await place.run(async () => {
        deadline = AbortSignal.timeout(limits.seconds * 1000);
        return await this.#make(name, build, AbortSignal.any([signal, deadline]));
      }, signal);
    } catch (error) {
      if (signal.aborted) {
        const why = signal.reason instanceof Error ? signal.reason.message : "it was stopped";
        build.fail(why, "stopped");
        throw new RegistryError("MAKE_FAILED", `${name.text}: ${why}`, { kind: "passing", cause: error });
      }
      const fault =
        deadline?.aborted === true ? tookTooLong(name.text, limits.seconds) : makeFault(error, name.text);
      build.fail(fault.message, "failed");
      throw fault;
    }
  }

  async #make(name: Name, build: Build, signal: AbortSignal): Promise<Digest> {
    const { imageMaker, ledger } = this.#options;
    build.begin();
    const started = Date.now() / 1000;
    const digest = await imageMaker.make({ ...name, build, signal });
    await ledger.putMade(name.text, {
      reference: formatReference(name.reference),
      digest,
      resolved: started,
      made: started,
      seconds: Date.now() / 1000 - started,
      bytes: build.status().bytes,
    });
    build.finish(digest);
    return digest;
  }
}

function stopped(): Error {
  return new Error("the build was stopped");
}

function tookTooLong(name: string, seconds: number): RegistryError {
  return new RegistryError("MAKE_FAILED", `${name} was not made within ${seconds} seconds`, {
    kind: "passing",
  });
}
