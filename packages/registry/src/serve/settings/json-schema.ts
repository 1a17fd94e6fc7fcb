import { z } from "zod";
import { DEFAULTS, serveSchema } from "./schema.ts";

/** The schema of the config file: for editors, and for whoever makes such files. */
export function settingsJsonSchema(): object {
  const schema = z.toJSONSchema(serveSchema.partial(), {
    io: "input",
    // A placeholder is for the help of a flag only.
    override: ({ jsonSchema }) => void delete jsonSchema["placeholder"],
  });
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    name,
    typeof property === "object" && name in DEFAULTS
      ? { ...property, default: new Map(Object.entries(DEFAULTS)).get(name) }
      : property,
  ]);
  return { title: "cooper serve --config", ...schema, properties: Object.fromEntries(properties) };
}
