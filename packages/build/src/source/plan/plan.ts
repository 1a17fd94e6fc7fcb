import { z } from "zod";
import { BuildError } from "../../errors.ts";
import { locksSchema } from "../lock/locks.ts";

/**
 * How an application becomes an image, as data: what a provider says, what `cooper plan` prints and
 * `cooper build --plan FILE` runs again. docs/schemas/plan.json is written from this.
 */
const text = z.string();
const words = z.array(text);

const sourceSchema = z.union([
  z.strictObject({
    git: text.describe("The address of a repository"),
    commit: text.describe("All hexadecimal digits of a commit"),
    directory: text.optional().describe("Only what is in it"),
  }),
  z.strictObject({
    http: text.describe("The address of a file"),
    sha256: text.describe("64 hexadecimal digits"),
    path: text.describe("What it is called where it is copied from"),
    mode: z.number().int().optional().describe("Permission bits; default 420, which is 0644"),
  }),
]);

const limitsSchema = z.strictObject({
  memory: z.number().int().positive().optional().describe("Bytes"),
  processes: z.number().int().positive().optional().describe("At a time; default 4096"),
  cpus: z.number().positive().optional(),
  time: z.number().positive().optional().describe("Seconds for each command; default 3600"),
});

export const copySchema = z.strictObject({
  from: text.describe("source, or the name of a step or of one of sources"),
  source: text.describe("A file or directory there; absolute in a step"),
  target: text.describe("What it is to be called in the image"),
  include: words.optional().describe("Only these, as .dockerignore writes patterns"),
  exclude: words.optional(),
});

const mountSchema = z.strictObject({
  from: text.describe(
    "The name of a step or of one of sources, or deploy for what lies under the application",
  ),
  source: text.describe("A file or directory there"),
  target: text.describe("Where the commands see it, read-only; nothing of it stays in the step"),
});

const cacheSchema = z.strictObject({
  id: text,
  target: text,
  sharing: z.enum(["shared", "locked", "private"]),
});

const fileSchema = z.strictObject({
  path: text.describe("In the step"),
  text,
  mode: text
    .regex(/^[0-7]{3,4}$/)
    .optional()
    .describe("Default 644"),
});

export const stepSchema = z.strictObject({
  after: text.optional().describe("The step whose files it goes on with; without it, it stands on root"),
  root: words.optional().describe("References whose images lie upon each other under the commands"),
  copies: z.array(copySchema).optional(),
  files: z.array(fileSchema).optional().describe("Small ones that the plan itself holds"),
  commands: z.array(
    z.union([text.describe("A line for /bin/sh"), words.describe("A program and its arguments")]),
  ),
  directory: text.optional().describe("Default /app"),
  environment: z.record(text, text).optional(),
  mounts: z.array(mountSchema).optional().describe("Files of other steps for these commands only"),
  caches: z.array(cacheSchema).optional(),
  secrets: words.optional().describe("Variables that are there for this step only"),
  secretFiles: z
    .record(text, text)
    .optional()
    .describe("Secrets by name, as files of memory at these paths, for this step only"),
  ssh: words.optional().describe("SSH agents by name that these commands may use"),
  tmpfs: words.optional().describe("Directories in memory, besides /tmp"),
  limits: limitsSchema.optional(),
  network: z.enum(["none", "host"]).optional().describe("Default none"),
  configuration: z
    .array(z.enum(["npm", "pip", "go", "cargo", "maven", "apt", "certificates"]))
    .optional()
    .describe("The host's configuration of package managers that the step may see"),
});

const healthcheckSchema = z.strictObject({
  command: words,
  interval: z.number().optional().describe("Seconds"),
});

export const deploySchema = z.strictObject({
  root: words.describe("References whose images lie under the application; none for a program alone"),
  copies: z.array(copySchema).describe("Each a layer of its own, in this order"),
  command: words.describe("What starts it; no shell in between unless it is written here"),
  processes: z.record(text, words).optional().describe("Further ones, by name"),
  release: words.optional().describe("Recorded as a label; not run"),
  environment: z.record(text, text).optional(),
  user: text.optional().describe("Default 65532:65532"),
  directory: text.optional().describe("Default /app"),
  ports: z.array(z.number().int().min(1).max(65535)).optional(),
  healthcheck: healthcheckSchema.optional(),
  init: z
    .enum(["tini", "none"])
    .optional()
    .describe(
      "The first process, which hands signals on; default: tini, unless the program is known to listen",
    ),
  stopSignal: text.optional().describe("What ends it, such as SIGINT; default SIGTERM"),
  labels: z.record(text, text).optional(),
});

export const planSchema = z.strictObject({
  version: z.literal(1),
  providers: words.describe("Which ones it comes from, the first one first"),
  subdirectory: text
    .optional()
    .describe("The directory of the source that all of this is about; default: all of it"),
  exclude: words.optional().describe("Left out of the source, besides what .dockerignore says"),
  sources: z
    .record(text, sourceSchema)
    .optional()
    .describe("Files from elsewhere, by the name that copies and mounts give"),
  steps: z.record(text, stepSchema),
  deploy: deploySchema,
  locks: locksSchema
    .optional()
    .describe("What the references came to, by reference; without it they are resolved when it is built"),
});

export type Plan = z.infer<typeof planSchema>;
export type PlanStep = z.infer<typeof stepSchema>;
export type PlanSource = z.infer<typeof sourceSchema>;
export type PlanCopy = z.infer<typeof copySchema>;
export type Deploy = z.infer<typeof deploySchema>;

export const DEFAULT_DIRECTORY = "/app";
/** Nobody's: the number that distributions have no account for. */
export const DEFAULT_USER = "65532:65532";

/** A plan from data. `PLAN_INVALID`, which names the file and the place in it. */
export function parsePlan(value: unknown, path: string): Plan {
  const parsed = planSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BuildError("PLAN_INVALID", `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, {
    cause: parsed.error,
    fields: { path },
    advice: "docs/schemas/plan.json says what a plan has.",
  });
}
