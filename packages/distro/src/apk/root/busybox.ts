import type { PathString } from "@cooper/archive";
import type { Ownership } from "./ownership.ts";
import { findFile, realPath } from "./root-view.ts";

/** Where newer busybox packages list the paths at which they are to be found. */
export const BUSYBOX_PATHS = "etc/busybox-paths.d/";
/** Programs that are many in one, at their usual places; the first that there is counts. */
export const BUSYBOX: readonly PathString[] = ["bin/busybox", "usr/bin/busybox"];

export interface Link {
  readonly path: PathString;
  readonly target: string;
}

/**
 * The links that `busybox --install -s` would make: for each applet a link to the program, unless
 * something else lies there. Which there are is in the package's own list, or else in the program,
 * which has its applets' names one behind the other; then the table below has their directories.
 */
export function busyboxLinks(claims: Ownership, contents: ReadonlyMap<PathString, Buffer>): readonly Link[] {
  const program = BUSYBOX.map((path) => findFile(path, claims)).find((found) => found !== undefined);
  if (program === undefined) return [];
  const target = `/${BUSYBOX.find((path) => findFile(path, claims) === program) ?? program.file.path}`;
  const lists = [...contents].filter(([path]) => path.startsWith(BUSYBOX_PATHS));
  const paths =
    lists.length > 0
      ? lists.flatMap(([, list]) => list.toString("utf8").split("\n"))
      : appletsIn(contents.get(program.file.path) ?? Buffer.alloc(0)).map(pathOfApplet);
  const links = new Map<PathString, Link>();
  for (const path of paths) {
    const real = isPlain(path) ? realPath(path, (at) => claims.get(at)?.file) : undefined;
    if (real === undefined || claims.has(real)) continue;
    links.set(real, { path: real, target });
  }
  return [...links.values()];
}

function isPlain(path: string): boolean {
  return /^[^/\0\n]+(?:\/[^/\0\n]+)*$/u.test(path) && !path.split("/").includes("..");
}

/** The names lie in the program sorted, each ended by a zero; `[` and `[[` come first. */
function appletsIn(program: Buffer): readonly string[] {
  const start = program.indexOf("\0[\0[[\0", 0, "latin1");
  if (start < 0) return [];
  const names: string[] = [];
  for (let at = start + 1; ;) {
    const end = program.indexOf(0, at);
    const name = program.subarray(at, end).toString("latin1");
    if (end < 0 || !/^[a-z0-9[][a-z0-9._[-]{0,30}$/u.test(name) || name < (names.at(-1) ?? "")) return names;
    names.push(name);
    at = end + 1;
  }
}

/** Where Alpine's busybox has an applet; all others are in `usr/bin`. */
function pathOfApplet(name: string): PathString {
  const place = Object.entries(PLACES).find(([, names]) => names.has(name));
  return `${place?.[0] ?? "usr/bin"}/${name}`;
}

const PLACES: Readonly<Record<string, ReadonlySet<string>>> = {
  bin: words(`arch ash base64 bbconfig cat chattr chgrp chmod chown conspy cp date dd df dmesg dnsdomainname
    dumpkmap echo ed egrep false fatattr fdflush fgrep fsync getopt grep gunzip gzip hostname ionice iostat
    ipcalc kbd_mode kill link linux32 linux64 ln login ls lsattr lzop makemime mkdir mknod mktemp more mount
    mountpoint mpstat mt mv netstat nice pidof ping ping6 pipe_progress printenv ps pwd reformime resume rev rm
    rmdir rpm run-parts scriptreplay sed setarch setpriv setserial sh sleep stat stty su sync tar touch true
    umount uname usleep watch zcat`),
  sbin: words(`acpid adjtimex arp blkdiscard blkid blockdev bootchartd depmod devmem fbsplash fdisk findfs
    freeramdisk fsck fsck.minix fstrim getty halt hdparm hwclock ifconfig ifdown ifenslave ifup init inotifyd
    insmod ip ipaddr iplink ipneigh iproute iprule iptunnel klogd loadkmap logread losetup lsmod makedevs mdev
    mkdosfs mkfs.ext2 mkfs.minix mkfs.vfat mkswap modinfo modprobe nameif nologin pivot_root poweroff
    raidautorun reboot rmmod route setconsole slattach start-stop-daemon sulogin swapoff swapon switch_root
    sysctl syslogd tc tunctl tune2fs udhcpc uevent vconfig watchdog zcip`),
  "usr/sbin": words(`add-shell addgroup adduser arping brctl chat chpasswd chroot crond delgroup deluser
    dhcprelay dnsd ether-wake fakeidentd fbset fdformat ftpd httpd i2cdetect i2cdump i2cget i2cset i2ctransfer
    inetd killall5 loadfont lpd mim nanddump nandwrite nbd-client ntpd partprobe popmaildir powertop rdate rdev
    readahead readprofile remove-shell rfkill rtcwake seedrng sendmail setfont setlogcons svlogd telnetd tftpd
    ubiattach ubidetach ubimkvol ubirename ubirmvol ubirsvol ubiupdatevol udhcpd`),
};

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/u));
}
