import { z } from "zod";
import { copySchema, deploySchema, planSchema, stepSchema } from "../plan/plan.ts";
import { DISTRIBUTION } from "../distribution/distribution.ts";
import { SPLICE } from "./settings.ts";

/**
 * `cooper.toml` or `cooper.json`: what a project says about its own plan. docs/schemas/cooper.json is
 * written from this.
 */
const text = z.string();
const words = z.array(text);
const REST = `"${SPLICE}" stands for what the provider has`;

const listOf = <Item extends z.ZodType>(
  item: Item,
): z.ZodArray<z.ZodUnion<readonly [z.ZodLiteral<"...">, Item]>> =>
  z.array(z.union([z.literal(SPLICE), item] as const));

const stepOverlay = stepSchema
  .extend({
    copies: listOf(copySchema).describe(REST),
    commands: stepSchema.shape.commands.describe(
      `Lines for /bin/sh, or a program and its arguments; ${REST}`,
    ),
  })
  .partial();

const deployOverlay = deploySchema.extend({ copies: listOf(copySchema).describe(REST) }).partial();

export const overlaySchema = z.strictObject({
  $schema: text.optional().describe("For editors"),
  providers: words.optional().describe('The first one starts the application; "...": those that are found'),
  install: text.optional().describe("Install dependencies with this line"),
  build: text.optional().describe("Build with this line"),
  start: text.optional().describe("Start the application with this line"),
  packages: z
    .strictObject({
      from: text
        .regex(DISTRIBUTION)
        .optional()
        .describe("Whose toolchains and libraries: apt (default), apk or nix; apk:3.22, nix:nixos-25.05"),
      build: words
        .optional()
        .describe("Also there for every step: its own, or with a scheme: npm:typescript"),
      deploy: words.optional().describe("Also in the image"),
    })
    .optional(),
  variables: z
    .record(text, text)
    .optional()
    .describe("Settings of the providers, and variables of every step; not of the image"),
  exclude: words.optional().describe("Left out of the source, as .dockerignore writes patterns"),
  sources: planSchema.shape.sources.describe("Files from elsewhere, as in a plan"),
  steps: z.record(text, stepOverlay).optional().describe("Steps by name, as in a plan, every key optional"),
  deploy: deployOverlay.optional().describe("As in a plan, every key optional"),
});

export type OverlayFile = z.infer<typeof overlaySchema>;

/** The schema of cooper.toml and cooper.json, for editors and the documentation. */
export function overlayJsonSchema(): object {
  return { title: "cooper.toml, cooper.json", ...z.toJSONSchema(overlaySchema, { io: "input" }) };
}
