import type { DebParts } from "../../packages/distro/src/apt/package/deb.fixture.ts";

/** A package that does what Debian's own of that name does: fields, files and scripts of each usual kind. */
export interface SamplePackage extends Pick<DebParts, "control" | "data"> {
  readonly name: string;
  readonly version: string;
  /** Lines of `control` after those that every package has, each with its newline. */
  readonly fields: string;
}

type Member = NonNullable<DebParts["data"]>[number];

const file = (path: string, text: string | Uint8Array, mode = 0o644): Member => ({
  path: `./${path}`,
  type: "file",
  mode,
  bytes: Buffer.from(text),
});
const directory = (path: string, mode = 0o755): Member => ({ path: `./${path}/`, type: "directory", mode });
const link = (path: string, linkPath: string): Member => ({ path: `./${path}`, type: "symlink", linkPath });
const script = (name: string, text: string): Member => file(name, `#!/bin/sh\nset -e\n${text}`, 0o755);

/** Compresses as a program does: neither constant nor random. */
function program(kibibytes: number): Buffer {
  const bytes = Buffer.alloc(kibibytes * 1024);
  for (let at = 0, word = 1; at < bytes.length; at += 4) {
    if (at % 64 === 0) word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0;
    bytes.writeUInt32LE((word + (at >>> 5)) >>> 0, at);
  }
  return bytes;
}

const USERS = "root:*:0:0:root:/root:/bin/bash\nman:*:6:12:man:/var/cache/man:/usr/sbin/nologin\n";
const GROUPS = "root:*:0:\nman:*:12:\nmail:*:8:\nutmp:*:43:\nstaff:*:50:\n";

const base: readonly SamplePackage[] = [
  {
    name: "base-files",
    version: "12.4+deb12u9",
    fields:
      "Essential: yes\nPriority: required\nPre-Depends: awk\nProvides: base\nReplaces: base, dpkg (<= 1.15.0)\n",
    control: [
      script(
        "postinst",
        `install_directory() {
  if [ ! -d "$DPKG_ROOT/$1" ]; then
    mkdir "$DPKG_ROOT/$1"
    chown "root:$3" "$DPKG_ROOT/$1"
    chmod "$2" "$DPKG_ROOT/$1"
  fi
}
if [ ! -e "$DPKG_ROOT/etc/dpkg/origins/default" ]; then
  ln -sf debian "$DPKG_ROOT/etc/dpkg/origins/default"
fi
if [ "$1" = "configure" ] && [ "$2" = "" ]; then
  cp -p "$DPKG_ROOT/usr/share/base-files/profile" "$DPKG_ROOT/etc/profile"
  install_directory mnt 755 root
  install_directory var/mail 2775 mail
  for each in /usr/local /usr/local/bin; do [ -d "$each" ] || mkdir -p "$each"; done
  [ -f /var/log/wtmp ] || : > /var/log/wtmp
  chown root:utmp /var/log/wtmp && chmod 664 /var/log/wtmp
fi
exit 0
`,
      ),
      file("conffiles", "/etc/debian_version\n"),
      file("md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/share/base-files/profile\n"),
    ],
    data: [
      ...["bin", "etc", "etc/dpkg", "etc/dpkg/origins", "root", "usr", "usr/bin", "usr/lib"].map((path) =>
        directory(path),
      ),
      ...["usr/share", "usr/share/base-files", "var", "var/lib", "var/lib/dpkg", "var/log"].map((path) =>
        directory(path),
      ),
      directory("tmp", 0o1777),
      file("etc/debian_version", "12.9\n"),
      file("etc/dpkg/origins/debian", "Vendor: Debian\n"),
      file("usr/lib/os-release", 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'),
      link("etc/os-release", "../usr/lib/os-release"),
      file("usr/share/base-files/profile", "PATH=/usr/bin:/bin\n"),
    ],
  },
  {
    name: "base-passwd",
    version: "3.6.1",
    fields:
      "Essential: yes\nPriority: required\nDepends: libc6 (>= 2.34)\nRecommends: debconf (>= 0.5) | debconf-2.0\n",
    control: [
      script(
        "preinst",
        `if [ "$1" = install ] && [ ! -e "$DPKG_ROOT/etc/passwd" ]; then
  cat > "$DPKG_ROOT/etc/passwd" <<'EOF'
${USERS}EOF
  cat > "$DPKG_ROOT/etc/group" <<'EOF'
${GROUPS}EOF
fi
`,
      ),
      script("postinst", `case "$1" in configure) chmod 644 /etc/passwd /etc/group ;; *) exit 1 ;; esac\n`),
    ],
    data: [directory("usr/share/base-passwd"), file("usr/share/base-passwd/passwd.master", USERS)],
  },
  {
    name: "libc-bin",
    version: "2.36-9+deb12u9",
    fields: "Source: glibc\nEssential: yes\nPriority: required\nDepends: libc6 (>> 2.36), libc6 (<< 2.37)\n",
    control: [
      script(
        "postinst",
        `if [ "$1" = "triggered" ] || [ "$1" = "configure" ]; then
  ldconfig -r "$DPKG_ROOT/" || ldconfig --verbose -r "$DPKG_ROOT/"
  exit 0
fi
`,
      ),
      file("triggers", "interest-await ldconfig\n"),
      file("conffiles", "/etc/ld.so.conf\n"),
    ],
    data: [
      file("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"),
      file("usr/bin/ldd", "#!/bin/bash\n", 0o755),
    ],
  },
  {
    name: "coreutils",
    version: "9.1-1",
    fields: "Essential: yes\nPriority: required\nPre-Depends: libc6 (>= 2.34)\n",
    data: [
      file("bin/ls", program(2_000), 0o755),
      { path: "./bin/dir", type: "hardlink", linkPath: "./bin/ls" },
    ],
  },
  {
    name: "dash",
    version: "0.5.12-2",
    fields:
      "Essential: yes\nPriority: required\nDepends: debianutils (>= 5.6-0.1)\nPre-Depends: libc6 (>= 2.36)\n",
    control: [
      script(
        "postinst",
        `truename=$(dpkg-divert --truename /bin/sh)
[ -n "$truename" ] && ln -sf dash /bin/sh
if [ "$1" = configure ] && [ -z "$2" ] && which add-shell >/dev/null; then
  add-shell /bin/dash
fi
`,
      ),
    ],
    data: [file("bin/dash", program(120), 0o755)],
  },
];

const libraries: readonly SamplePackage[] = [
  {
    name: "libc6",
    version: "2.36-9+deb12u9",
    fields: "Source: glibc\nMulti-Arch: same\nDepends: libgcc-s1\nRecommends: libidn2-0 (>= 2.0.5~)\n",
    control: [file("triggers", "activate-noawait ldconfig\n"), file("shlibs", "libc 6 libc6 (>= 2.36)\n")],
    data: [directory("lib"), file("lib/libc.so.6", program(1_500), 0o755)],
  },
  {
    name: "libgcc-s1",
    version: "12.2.0-14",
    fields: "Source: gcc-12\nMulti-Arch: same\nDepends: libc6 (>= 2.35)\n",
  },
  { name: "mawk", version: "1.3.4.20200120-3.1", fields: "Priority: required\nProvides: awk\n" },
  { name: "debianutils", version: "5.7-0.5~deb12u1", fields: "Essential: yes\nPriority: required\n" },
  { name: "debconf", version: "1.5.82", fields: "Priority: required\nProvides: debconf-2.0\n" },
];

/** What was asked for stands on some of it, or could. */
const asked: readonly SamplePackage[] = [
  {
    name: "editor-common",
    version: "2:9.0.1378-2",
    fields: "Architecture: all\nDepends: base-files, editor | nano | vi-like\nConflicts: oldeditor (<< 2)\n",
    control: [
      script(
        "postinst",
        `#DEBHELPER#
if [ "$1" = configure ]; then
  update-alternatives --install /usr/bin/editor editor /usr/bin/sample 30 \\
    --slave /usr/share/man/man1/editor.1.gz editor.1.gz /usr/share/man/man1/sample.1.gz
  getent passwd sample >/dev/null || adduser --system --group --home /var/lib/sample --no-create-home sample
  install -d -o sample -g sample -m 0750 /var/lib/sample
  if [ -d /run/systemd/system ]; then systemctl --system daemon-reload >/dev/null || true; fi
fi
`,
      ),
    ],
    data: [file("usr/bin/sample", "#!/bin/sh\necho sample\n", 0o755), file("etc/sample.conf", "a=1\n")],
  },
  { name: "nano", version: "7.2-1", fields: "Provides: editor (= 7)\nDepends: libc6 (>= 2.34)\n" },
  {
    name: "vi-like",
    version: "1.0~rc1-1",
    fields: "Provides: editor\nBreaks: nano (<< 3)\nDepends: libc6\n",
  },
  {
    name: "ca-certificates",
    version: "20230311",
    fields: "Architecture: all\nDepends: openssl (>= 1.1.1), debconf (>= 0.5) | debconf-2.0\n",
    data: [
      file(
        "usr/share/ca-certificates/sample.crt",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      ),
    ],
  },
  {
    name: "openssl",
    version: "3.0.15-1~deb12u1",
    fields: "Depends: libc6 (>= 2.34)\nSuggests: ca-certificates\n",
  },
  { name: "tini", version: "0.19.0-1", fields: "Depends: libc6 (>= 2.34)\n" },
  {
    name: "bash",
    version: "5.2.15-2+b7",
    fields: "Essential: yes\nDepends: base-files (>= 2.1.12), debianutils\n",
  },
  { name: "socat", version: "1.7.4.4-2", fields: "Depends: libc6 (>= 2.34), openssl\n" },
];

/** What a mirror has besides: the solver looks at neighbours, and the index is not one piece. */
const others: readonly SamplePackage[] = Array.from({ length: 400 }, (_, at) => ({
  name: `other${at}`,
  version: `1.${at}-1`,
  fields: `Depends: libc6 (>= 2.14), other${(at * 7) % 400}\nSection: misc\nTag: role::app-data, suite::debian,\n scope::utility\n`,
}));

export const SAMPLE_PACKAGES: readonly SamplePackage[] = [...base, ...libraries, ...asked, ...others];
