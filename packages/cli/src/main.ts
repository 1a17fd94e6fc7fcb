/** Put in by scripts/bundle.ts; not there when the sources run as they are. */
declare const COOPER_VERSION: string | undefined;

// The version is asked often, by scripts: it is told before anything else is loaded.
const asked = process.argv[2];
if (asked === "--version" || asked === "-v") {
  const version =
    typeof COOPER_VERSION === "string" ? COOPER_VERSION : (await import("./version.ts")).version();
  process.stdout.write(`cooper ${version}\n`);
} else {
  const { main } = await import("./app.ts");
  process.exit(await main(process.argv.slice(2)));
}
