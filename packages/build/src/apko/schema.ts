import { z } from "zod";
import { PlainScalar } from "./scalar.ts";

/**
 * apko's configuration of an image, key for key; a key that is none of these is an error. Text may be
 * written without quotes where YAML would read a number or a truth: `PORT: 8080`, `VERSION: 1.10`.
 */

const text = z.preprocess(
  (value) => (value instanceof PlainScalar ? value.source : value),
  z.string({ error: ({ input }) => (input === undefined ? "is missing" : "is to be text") }),
);
const count = z
  .number({ error: "is to be a number" })
  .int("is to be a whole number")
  .nonnegative("is below 0");
const number = numberOf(count);
const flag = z.preprocess(
  (value) => (value instanceof PlainScalar ? value.value : value),
  z.boolean({ error: "is to be true or false" }),
);
const texts = z.array(text).readonly();
const id = number.describe("A user's or group's number");

const file = z.strictObject({ name: text, content: text });

const contents = z.strictObject({
  repositories: texts
    .optional()
    .describe("Addresses or paths, perhaps with @tag before; for solving and in the image"),
  build_repositories: texts.optional().describe("For solving alone"),
  runtime_repositories: texts.optional().describe("In the image alone"),
  keyring: texts.optional().describe("Addresses or paths of public keys"),
  runtime_keyring: z.array(file).readonly().optional().describe("Further keys in the image"),
  packages: texts.optional().describe("As apk add takes them"),
  baseimage: z
    .strictObject({ image: text, apkindex: text })
    .optional()
    .describe("Experimental in apko; Cooper refuses it"),
});

const entrypoint = z.strictObject({
  type: text.optional().describe("service-bundle, or nothing"),
  command: text.optional().describe("Split as a shell splits words"),
  "shell-fragment": text.optional().describe("Run by /bin/sh -c"),
  services: z.record(text, text).optional().describe("Of a service bundle, which Cooper refuses"),
});

const user = z.strictObject({
  username: text,
  uid: numberOf(count.min(1, "is to be above 0: root is there already")),
  gid: id.optional().describe("Default: as uid"),
  shell: text.optional().describe("Default /bin/sh"),
  homedir: text.optional().describe("Default /home/USERNAME; made with mode 0700"),
});

const group = z.strictObject({ groupname: text, gid: id, members: texts.optional() });

const accounts = z.strictObject({
  "run-as": text.optional().describe("A user's name or number"),
  users: z.array(user).readonly().optional(),
  groups: z.array(group).readonly().optional(),
});

const path = z.strictObject({
  path: text,
  type: z.enum(["directory", "empty-file", "hardlink", "symlink", "permissions"], {
    error: "is to be directory, empty-file, hardlink, symlink or permissions",
  }),
  uid: id.optional(),
  gid: id.optional(),
  permissions: numberOf(count.max(0o7777, "is more than 0o7777")).optional().describe("0o755 or 0755"),
  source: text.optional().describe("Where a link leads"),
  recursive: flag.optional().describe("All that lies beneath it, too"),
});

export const apkoSchema = z.strictObject({
  contents: contents.optional(),
  entrypoint: entrypoint.optional(),
  cmd: text.optional().describe("Split as a shell splits words"),
  "stop-signal": text.optional(),
  "work-dir": text.optional(),
  accounts: accounts.optional(),
  archs: texts
    .optional()
    .describe("By OCI's or apk's names; all of apko's with `all`, this machine's with `host`"),
  environment: z.record(z.string(), text).optional(),
  paths: z.array(path).readonly().optional(),
  "vcs-url": text.optional(),
  annotations: z.record(z.string(), text).optional(),
  include: text.optional().describe("Another such file, which this one goes on from"),
  volumes: texts.optional(),
  layering: z
    .strictObject({
      strategy: z.enum(["origin"], { error: "is to be origin" }),
      budget: number.optional().describe("Layers of packages; 0 is one"),
    })
    .optional(),
  format: z
    .enum(["tar", "erofs"], { error: "is to be tar or erofs" })
    .optional()
    .describe("Cooper refuses erofs"),
  certificates: z
    .strictObject({
      additional: z
        .array(file)
        .readonly()
        .optional()
        .describe("Authorities to trust besides the packages'; PEM"),
      providers: texts.optional(),
    })
    .optional(),
});

export type ApkoConfiguration = z.infer<typeof apkoSchema>;
export type ApkoPath = NonNullable<ApkoConfiguration["paths"]>[number];
export type ApkoAccounts = NonNullable<ApkoConfiguration["accounts"]>;
export type ApkoCertificates = NonNullable<ApkoConfiguration["certificates"]>;

/** docs/schemas/apko.json. */
export function apkoJsonSchema(): object {
  const schema = z.toJSONSchema(apkoSchema, {
    io: "output",
    // That a list is not changed here says nothing to whoever writes one.
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
  return { title: "cooper build FILE.yaml", ...schema };
}

function numberOf(schema: z.ZodNumber): z.ZodPreprocess<z.ZodNumber> {
  return z.preprocess((value) => (value instanceof PlainScalar ? value.value : value), schema);
}
