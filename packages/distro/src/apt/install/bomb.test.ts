import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeHeader } from "@cooper/archive";
import { BOMB_BYTES, makeBomb, requireProgram, temporaryDirectory } from "@cooper/test";
import { openContext } from "../../ecosystem/open-context.ts";
import { imageOfPackages } from "../../image/package-image.ts";
import { solutionOf, solvedPackage } from "../debian.fixture.ts";
import { makeDeb } from "../package/deb.fixture.ts";

const HEAD = encodeHeader({ path: "./usr/share/sample/zeros", type: "file", size: BOMB_BYTES - 2 ** 20 });

for (const [compression, extension] of [
  ["gzip", "gz"],
  ["zstd", "zst"],
  ["xz", "xz"],
] as const) {
  test(`a package with 10 GiB of zeros under ${compression} is refused early, in little memory, and leaves nothing`, async (t) => {
    if (compression === "xz" && requireProgram(t, "xz", "xz-utils") === undefined) return;
    const directory = join(temporaryDirectory(t), "archives");
    mkdirSync(directory);
    const bytes = await makeDeb({ dataName: `data.tar.${extension}`, dataTar: makeBomb(compression, HEAD) });
    writeFileSync(join(directory, "bomb.deb"), bytes);
    const solved = await solvedPackage(directory, "bomb.deb", {
      name: "sample",
      version: "1.0",
      architecture: "amd64",
    });
    const cache = temporaryDirectory(t);
    const context = await openContext({
      cache: { directory: cache },
      repositories: [`file:${directory} test main`],
    });
    t.after(async () => await context.close());
    const before = process.resourceUsage().maxRSS;
    const image = imageOfPackages([solutionOf([solved], ["sample"])], context);
    await assert.rejects(image.digest(), {
      code: "PACKAGE_INVALID",
      message: /^sample 1\.0 cannot be read: \d+ compressed bytes give \d+ and more/,
    });
    assert.ok(process.resourceUsage().maxRSS - before < 256 * 1024, "KiB of memory besides what there was");
    const kept = readdirSync(cache, { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      kept.filter((path) => /^(aside|derived|records)\/.*\./u.test(path) && !path.endsWith(".lock")),
      [],
    );
    assert.deepEqual(
      kept.filter((path) => /^blobs\/sha256\/./u.test(path)),
      [`blobs/${solved.checksum.replace(":", "/")}`],
    );
  });
}
