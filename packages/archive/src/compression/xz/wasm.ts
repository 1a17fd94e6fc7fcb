/** What `xz-decompress` gives: a stream of what an xz stream decompresses to. */
type XzStream = new (input: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;

let loading: Promise<XzStream> | undefined;

/**
 * The decompressor of `xz-decompress`, with a memory of its own for each stream.
 *
 * Version 0.2.3 has one WebAssembly instance for all streams and lets one begin only when the last one
 * has ended, so whoever reads two in turns waits for ever. Without that lock they would break each
 * other: when one makes the memory grow, the other still looks at the old one. So every stream gets an
 * instance; the library asks twice for it, to see whether it is there and to use it.
 */
export async function loadXzStream(): Promise<XzStream> {
  loading ??= load();
  return await loading;
}

/** As much of the global `WebAssembly` as is needed here; Node's types leave it out. */
interface WasmApi {
  readonly Instance: new (module: object) => object;
  readonly compile: (bytes: Uint8Array) => Promise<object>;
  readonly instantiate: unknown;
}

async function load(): Promise<XzStream> {
  const { XzReadableStream } = (await import("xz-decompress")).default;
  const api = wasmApi();
  const module = await moduleOf(XzReadableStream, api);
  const shared = new api.Instance(module);
  let isAsked = false;
  Object.defineProperty(XzReadableStream, "_moduleInstance", {
    get: () => {
      isAsked = !isAsked;
      return isAsked ? shared : new api.Instance(module);
    },
    set: () => {}, // what it would keep is not wanted
  });
  Reflect.set(XzReadableStream, "_contextMutex", { acquire: async () => {}, release: () => {} });
  return XzReadableStream;
}

/** The library keeps its code to itself, and only shows it to `WebAssembly.instantiate`: once, synchronously. */
async function moduleOf(library: object, api: WasmApi): Promise<object> {
  const { instantiate } = api;
  let module: Promise<object> | undefined;
  const watch = async (bytes: Uint8Array): Promise<{ readonly instance: object }> => {
    module = api.compile(bytes);
    return { instance: new api.Instance(await module) };
  };
  Reflect.set(api, "instantiate", watch);
  try {
    const make: unknown = Reflect.get(library, "_getModuleInstance");
    if (typeof make === "function") Reflect.apply(make, library, []);
  } finally {
    Reflect.set(api, "instantiate", instantiate);
  }
  if (module === undefined) throw new Error("xz-decompress is not the version that Cooper was written for");
  return await module;
}

function wasmApi(): WasmApi {
  const api: unknown = Reflect.get(globalThis, "WebAssembly");
  if (isWasmApi(api)) return api;
  throw new Error("this Node has no WebAssembly");
}

function isWasmApi(value: unknown): value is WasmApi {
  return typeof value === "object" && value !== null && "Instance" in value && "compile" in value;
}
