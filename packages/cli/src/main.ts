import { version } from "./version.ts";

// Answered before anything else is loaded: scripts ask it often.
const asked = process.argv[2];
if (asked === "--version" || asked === "-v") {
  process.stdout.write(`cooper ${version()}\n`);
} else {
  const { main } = await import("./app.ts");
  process.exit(await main(process.argv.slice(2)));
}
