import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { DeflateJob, Deflated } from "./job.ts";
import { deflater } from "./worker.ts";

/** More would take memory (some 10 MB each) and find nothing to do: reading and hashing is one thread. */
const MOST_WORKERS = 8;

/** Threads that deflate, started when they are first needed. They do not keep the process alive. */
export class DeflateWorkers {
  readonly #module: object;
  readonly #threads: DeflateThread[] = [];
  /** How many blocks are deflated at once. Asking the system takes longer than handing over a block. */
  readonly #most = Math.min(availableParallelism(), MOST_WORKERS);

  /** `module` is the compiled WebAssembly. */
  constructor(module: object) {
    this.#module = module;
  }

  async deflate(job: DeflateJob): Promise<Deflated> {
    return await this.#idlest().deflate(job);
  }

  /** Starts all that there may be. */
  start(): void {
    while (this.#threads.length < this.#most) this.#add();
  }

  #idlest(): DeflateThread {
    for (const thread of this.#threads) if (thread.waiting === 0) return thread;
    if (this.#threads.length < this.#most) return this.#add();
    return this.#threads.reduce((idlest, thread) => (thread.waiting < idlest.waiting ? thread : idlest));
  }

  #add(): DeflateThread {
    const thread = new DeflateThread(this.#module, () => {
      this.#threads.splice(this.#threads.indexOf(thread), 1);
    });
    this.#threads.push(thread);
    return thread;
  }
}

interface Waiting {
  readonly resolve: (deflated: Deflated) => void;
  readonly reject: (error: Error) => void;
}

/** One thread; it answers in the order it was asked. */
class DeflateThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];

  /** `ended` is told when the thread is no more, which only a fault brings about. */
  constructor(module: object, ended: () => void) {
    this.#worker = new Worker(`(${serve.toString()})(${deflater.toString()})`, {
      eval: true,
      // What the process was started with (a test's flags, --eval) is not for this text.
      execArgv: [],
      name: "deflate",
      workerData: module,
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.unref();
    this.#worker.on("message", (deflated: Deflated) => {
      this.#waiting.shift()?.resolve(deflated);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    const fail = (error: Error): void => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    this.#worker.on("error", fail);
    this.#worker.on("exit", (status) => {
      ended();
      fail(new Error(`a thread that deflates ended with status ${status}`));
    });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async deflate(job: DeflateJob): Promise<Deflated> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(job, [job.memory, job.output]);
    });
  }
}

/** What a thread does, from its own text: it may use nothing of what stands outside. */
function serve(makeDeflater: typeof deflater): void {
  const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads");
  const deflate = makeDeflater(workerData);
  parentPort?.on("message", (job: DeflateJob) => {
    const deflated = deflate(job);
    parentPort.postMessage(deflated, [deflated.memory, deflated.output]);
  });
}
