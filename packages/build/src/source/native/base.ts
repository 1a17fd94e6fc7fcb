import type { Distribution } from "../distribution/distribution.ts";
import { referenceTo } from "../distribution/reference.ts";
import type { Parts } from "../plan/finish-plan.ts";
import { packagesJoined } from "../overlay/packages.ts";
import type { Plan, PlanCopy, PlanStep } from "../plan/plan.ts";

const ACCOUNTS = [
  "echo 'root:x:0:0:root:/root:/sbin/nologin' >/base/etc/passwd",
  "echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >>/base/etc/passwd",
  "echo 'root:x:0:' >/base/etc/group",
  "echo 'nonroot:x:65532:' >>/base/etc/group",
] as const;
const OPEN_TMP = "chmod 1777 /base/tmp";

/**
 * What programs expect around them besides libraries: certificate authorities, time zones, a user with
 * a name, a `/tmp` that is everybody's. It knows nothing of the application, so all have one layer of it.
 * `status.d` names the packages to whoever looks for them.
 */
const BASE_STEP: PlanStep = {
  root: ["apt:ca-certificates/tzdata/dash/coreutils/sed"],
  directory: "/",
  commands: [
    [
      "# certificates, time zones, a user and /tmp",
      "mkdir -p /base/etc/ssl/certs /base/usr/share /base/tmp /base/home/nonroot /base/var/lib/dpkg/status.d",
      "cp /etc/ssl/certs/ca-certificates.crt /base/etc/ssl/certs/",
      "cp -a /usr/share/zoneinfo /base/usr/share/",
      "rm -rf /base/usr/share/zoneinfo/posix /base/usr/share/zoneinfo/right",
      ...ACCOUNTS,
      "cp -L /etc/os-release /base/etc/os-release",
      'for package in ca-certificates tzdata; do sed -n "/^Package: $package\\$/,/^\\$/p" /var/lib/dpkg/status >/base/var/lib/dpkg/status.d/$package; done',
      OPEN_TMP,
    ].join("\n"),
  ],
};

const BASE_COPY: PlanCopy = { from: "base", source: "/base", target: "." };

/** For a program that may have nothing else under it: that step and its copy, where packages are Debian's. */
export function baseOf({ ecosystem }: Distribution): {
  readonly steps: Plan["steps"];
  readonly copies: readonly PlanCopy[];
} {
  return ecosystem === "apt"
    ? { steps: { base: BASE_STEP }, copies: [BASE_COPY] }
    : { steps: {}, copies: [] };
}

/**
 * The same for an application whose packages are not Debian's: there the packages lie under it as they
 * are, with their own database, and a step adds what no package has.
 */
export function withBase(distribution: Distribution, { steps, deploy, ...parts }: Parts): Parts {
  const base: PlanStep = {
    root: [referenceTo(distribution, ["shell", "coreutils"])],
    directory: "/",
    commands: [
      ["# a user and /tmp", "mkdir -p /base/etc /base/tmp /base/home/nonroot", ...ACCOUNTS, OPEN_TMP].join(
        "\n",
      ),
    ],
  };
  const packages = referenceTo(distribution, ["base", "certificates", "time zones"]);
  return {
    ...parts,
    steps: { base, ...steps },
    deploy: {
      ...deploy,
      root: packagesJoined(deploy.root, [packages]),
      copies: [BASE_COPY, ...deploy.copies],
      environment: { ...ZONES[distribution.ecosystem], ...deploy.environment },
    },
  };
}

/** Where time zones are, for whom they are not where everybody looks. */
const ZONES = {
  apt: {},
  apk: {},
  nix: { TZDIR: "/share/zoneinfo", ZONEINFO: "/share/zoneinfo" },
} as const;
