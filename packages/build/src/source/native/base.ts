import type { PlanCopy, PlanStep } from "../plan/plan.ts";

/**
 * What programs expect around them besides libraries: certificate authorities, time zones, a user with
 * a name, a `/tmp` that is everybody's. It knows nothing of the application, so all have one layer of it.
 * `status.d` names the packages to whoever looks for them.
 */
export const BASE_STEP: PlanStep = {
  root: ["apt:ca-certificates/tzdata/dash/coreutils/sed"],
  directory: "/",
  commands: [
    [
      "# certificates, time zones, a user and /tmp",
      "mkdir -p /base/etc/ssl/certs /base/usr/share /base/tmp /base/home/nonroot /base/var/lib/dpkg/status.d",
      "cp /etc/ssl/certs/ca-certificates.crt /base/etc/ssl/certs/",
      "cp -a /usr/share/zoneinfo /base/usr/share/",
      "rm -rf /base/usr/share/zoneinfo/posix /base/usr/share/zoneinfo/right",
      "echo 'root:x:0:0:root:/root:/sbin/nologin' >/base/etc/passwd",
      "echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >>/base/etc/passwd",
      "echo 'root:x:0:' >/base/etc/group",
      "echo 'nonroot:x:65532:' >>/base/etc/group",
      "cp -L /etc/os-release /base/etc/os-release",
      'for package in ca-certificates tzdata; do sed -n "/^Package: $package\\$/,/^\\$/p" /var/lib/dpkg/status >/base/var/lib/dpkg/status.d/$package; done',
      "chmod 1777 /base/tmp",
    ].join("\n"),
  ],
};

export const BASE_COPY: PlanCopy = { from: "base", source: "/base", target: "." };
