/**
 * The options with which GNU tar 1.28 or later writes the same bytes as Cooper does, for trees of
 * plain files, directories, symlinks and hard links whose owners and times are set to 0. The names
 * of the directory's own members come on standard input, NUL-separated: docs/tar.md has the pipe.
 */
export const GNU_TAR_OPTIONS: readonly string[] = [
  "--create",
  "--format=posix",
  "--sort=name",
  "--numeric-owner",
  "--owner=0",
  "--group=0",
  "--mtime=@0",
  "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
  "--blocking-factor=1",
  "--null",
  "--verbatim-files-from",
  "--files-from=-",
];
