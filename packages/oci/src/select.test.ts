import assert from "node:assert/strict";
import { test } from "node:test";
import { selectPlatform, parsePlatform } from "./index.ts";
import type { Descriptor } from "./index.ts";
import { asIndex, MemoryStore } from "./memory.fixture.ts";

test("the image for a platform is the best, then the first, also out of an index in the index", async () => {
  const store = new MemoryStore();
  const put = async (text: string, seed: string): Promise<Descriptor> =>
    await store.putImage({ platform: parsePlatform(text), layers: [{ seed }] });
  const nested = asIndex(store.openIndex([await put("linux/arm64", "nested")]));
  const first = await put("linux/amd64", "first");
  const { platform: _platform, ...silent } = await put("linux/s390x", "silent");
  const index = asIndex(
    store.openIndex([
      store.attestation(first.digest),
      await put("linux/arm/v6", "v6"),
      first,
      await put("linux/amd64", "second"),
      await nested.descriptor(),
      silent,
    ]),
  );
  const chosen = async (text: string): Promise<string> =>
    await (await selectPlatform(index, parsePlatform(text))).digest();
  assert.equal(await chosen("linux/amd64/v3"), first.digest);
  assert.equal(await chosen("linux/arm64"), (await put("linux/arm64", "nested")).digest);
  assert.equal(await chosen("linux/arm/v7"), (await put("linux/arm/v6", "v6")).digest);
  assert.equal(await chosen("linux/s390x"), silent.digest);
  await assert.rejects(chosen("windows/amd64"), { code: "NO_SUCH_PLATFORM" });
});
