import type { Program } from "../../native/choose-programs.ts";
import { OUTPUT, PROGRAMS } from "../../native/linked.ts";

/**
 * Lines of the shell that bring what was built into the form of an image: programs that nothing installs
 * are looked for where they were built; what only who compiles or reads needs is left out; directories
 * are those of a merged `/usr`; programs lose what debuggers want.
 */
export function collect(programs: readonly Program[]): string {
  const names = programs.map(({ name }) => name).join(" ");
  const wanted = programs.length === 0 ? FIND_ALL : `for name in ${names}; do\n${FIND_ONE}\ndone`;
  return `${TIDY}\n${wanted}\n${STRIP}`;
}

const TIDY = `mkdir -p ${OUTPUT}/usr ${OUTPUT}${PROGRAMS}
for name in bin sbin lib lib64; do
  if [ -d ${OUTPUT}/$name ]; then mkdir -p ${OUTPUT}/usr/$name; cp -a ${OUTPUT}/$name/. ${OUTPUT}/usr/$name/; rm -r ${OUTPUT}/$name; fi
done
for name in include share/man share/doc share/info share/aclocal share/bash-completion lib/pkgconfig lib/cmake; do
  rm -rf ${OUTPUT}/usr/$name ${OUTPUT}/usr/local/$name
done
find ${OUTPUT} '(' -name '*.a' -o -name '*.la' -o -path '*/pkgconfig/*' -o -path '*/lib/*/cmake/*' ')' -delete`;

const IS_PROGRAM = `head -c 4 "$file" | grep -q ELF`;
const BUILT = `find /app /build -type f -perm -u+x -not -path '*/CMakeFiles/*' -not -name '*.so*' -not -name '*.o'`;

const FIND_ONE = `  [ -z "$(find ${OUTPUT} -name "$name" -not -type d)" ] || continue
  for file in $(${BUILT} -name "$name" 2>/dev/null); do
    if ${IS_PROGRAM}; then cp "$file" ${OUTPUT}${PROGRAMS}/; break; fi
  done
  if [ ! -e ${OUTPUT}${PROGRAMS}/$name ]; then
    echo "The build made no program $name. Name one of these with --env C_BIN=NAME:"
    for file in $(${BUILT} 2>/dev/null); do if ${IS_PROGRAM}; then basename "$file"; fi; done
    find ${OUTPUT} -path '*bin/*' -printf '%f\\n'
    exit 1
  fi`;

const FIND_ALL = `if [ -z "$(find ${OUTPUT} -path '*bin/*' -not -type d)" ]; then
  for file in $(${BUILT} 2>/dev/null); do if ${IS_PROGRAM}; then cp "$file" ${OUTPUT}${PROGRAMS}/; fi; done
fi`;

const STRIP = `find ${OUTPUT} -type d -empty -delete
for file in $(find ${OUTPUT} -type f); do
  if ${IS_PROGRAM}; then strip --strip-unneeded "$file"; fi
done`;
