import type { Source } from "../../project/source.ts";

/** What a framework calls the port; `${PORT:8080}` is its own way to say: that variable, else this. */
const PORTS: readonly [RegExp, string][] = [
  [/^org\.springframework\.boot:/, "SERVER_PORT"],
  [/^io\.quarkus[.:]/, "QUARKUS_HTTP_PORT"],
  [/^io\.micronaut[.:]/, "MICRONAUT_SERVER_PORT"],
];

/** Variables that make the frameworks among these dependencies (`group:artifact`) listen where PORT says. */
export function portVariables(dependencies: Iterable<string>): Readonly<Record<string, string>> {
  const all = [...dependencies];
  return Object.fromEntries(
    PORTS.filter(([group]) => all.some((name) => group.test(name))).map(([, variable]) => [
      variable,
      "${PORT:8080}",
    ]),
  );
}

/** Libraries that draw, by their group or artifact: they want fonts and the image formats' libraries. */
const DRAWING =
  /pdfbox|openpdf|itext|jasperreports|batik|thumbnailator|zxing|flying-saucer|jfreechart|kaptcha|apache\.poi/;
const IMPORTS = /^import\s+(?:static\s+)?(?:java\.awt|javax\.imageio|javax\.swing)\./m;

/** Whether a program opens java.desktop's libraries: a dependency of it is known to, or its own files name its packages. */
export function drawsPictures(source: Source, dependencies: Iterable<string>): boolean {
  return (
    [...dependencies].some((name) => DRAWING.test(name)) ||
    source
      .matching("**/src/main/**/*.java", "**/src/main/**/*.kt")
      .some((path) => IMPORTS.test(source.text(path) ?? ""))
  );
}
