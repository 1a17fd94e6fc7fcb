import type { TarInput } from "@cooper/archive";
import type { Ecosystem } from "../ecosystem/ecosystem.ts";
import { solvedPackage } from "../ecosystem/solved.fixture.ts";
import { DistroError } from "../errors.ts";

/** An ecosystem with one package and a user, to stand on where a test is not about what is below. */
export const base: Ecosystem = {
  name: "apt",
  parse() {
    throw new DistroError("REQUEST_INVALID", "nobody asks the fixture");
  },
  async solve(request, platform) {
    return {
      ecosystem: "apt",
      platform,
      request,
      repositories: [{ path: "debian", index: `sha256:${"1".repeat(64)}`, signedBy: ["key"] }],
      packages: [solvedPackage("libc6", { architecture: platform.architecture })],
    };
  },
  async assemble({ packages }) {
    return {
      packages: packages.map((one) => ({
        package: one,
        key: `fixture ${one.name} ${one.architecture}`,
        async *members() {
          yield { path: "etc", type: "directory" };
          yield {
            path: "etc/os-release",
            type: "file",
            bytes: Buffer.from("ID=debian\n"),
          } satisfies TarInput;
        },
      })),
      whole: async () => ({
        async *top() {
          yield { path: "etc", type: "directory" };
          yield {
            path: "etc/passwd",
            type: "file",
            bytes: Buffer.from("root:x:0:0::/root:/bin/sh\n"),
          } satisfies TarInput;
        },
        run: { Env: ["PATH=/usr/bin", "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1"] },
        created: 1_000,
      }),
    };
  },
};
