import type { ByteStream } from "../../bytes.ts";
import type { ByteSource } from "../../tar/byte-source.ts";
import { cutShort, damaged, unsupported } from "../fault.ts";
import { loadXzStream } from "./wasm.ts";

/** Reads xz without anything of the host: slower, and without SHA-256 checks. */
export async function* unxzByWasm(source: ByteSource): ByteStream {
  const XzStream = await loadXzStream();
  let hasEnded = false;
  const input = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (await source.more()) {
        controller.enqueue(source.takeSome(source.available));
      } else {
        hasEnded = true;
        controller.close();
      }
    },
  });
  const output = new XzStream(input).getReader();
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const { done, value } = await output.read();
      if (done) {
        await source.drain(); // whoever hashes or counts the source sees all of it
        return;
      }
      if (value.byteLength > 0) yield value;
    }
  } catch (error) {
    const status = /error code (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    // xz-embedded's xz.h: 4 a larger dictionary than there is memory for, 6 options that it was not built for.
    if (status === "6" || status === "4") {
      throw unsupported(
        "xz",
        "it uses a check or a filter that is not built in",
        "Install the package liblzma5.",
      );
    }
    // Without input it says "no progress" (8), or trips over the chunk that is not there.
    if (hasEnded && (status === undefined || status === "8")) throw cutShort("xz", error);
    if (status === undefined) throw error; // the source's own
    throw damaged("xz", `status ${status}`, error);
  } finally {
    await output.cancel().catch(() => {});
  }
}
