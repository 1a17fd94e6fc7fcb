/** An application of examples/, and how one sees that it works. */
export interface Example {
  /** Its folder. */
  readonly name: string;
  readonly asks: readonly Ask[];
  /** Why two builds of it differ, in a sentence that docs/source.md has too. Left out: they are equal. */
  readonly varies?: string;
  /** Directories that it has to write; everything else is read-only while it runs. */
  readonly writes?: readonly string[];
  /** `minutes`: it is built only where it is named, `COOPER_EXAMPLES=NAME`. */
  readonly takes?: "minutes";
  /** A reference that not every machine's mirrors have, and that it cannot be built without. */
  readonly needs?: string;
}

export type Ask =
  /** A page, from port 8080: what its text has in it. */
  | { readonly path: string; readonly answer: string }
  /** Arguments for what the image starts, or none: what is printed, to the letter. */
  | { readonly arguments: readonly string[]; readonly prints: string };

/** By name; whoever adds an example adds its row. */
export const EXAMPLES: readonly Example[] = [
  {
    name: "astro-site",
    asks: [
      { path: "/about", answer: "Of staves and hoops." },
      { path: "/nothing", answer: "No such cask." },
    ],
    takes: "minutes",
  },
  { name: "bun-serve", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "c-make", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "c-meson", asks: [{ arguments: ["oak"], prints: "1a4cb739\n" }] },
  { name: "cpp-cmake", asks: [{ arguments: ["oak"], prints: "oak: 3 casks\n" }] },
  { name: "deno-serve", asks: [{ path: "/", answer: '{"casks":3}' }] },
  {
    name: "django-vite",
    asks: [
      { path: "/", answer: 'src="/static/assets/main-' },
      { path: "/static/manifest.json", answer: '"css"' },
    ],
  },
  {
    name: "dotnet-web",
    asks: [
      { path: "/", answer: '{"casks":3}' },
      { path: "/about.html", answer: "<p>Three casks.</p>" },
    ],
    needs: "apt:dotnet-sdk-8.0",
  },
  {
    name: "eleventy-site",
    asks: [
      { path: "/", answer: "<h1>Three casks</h1>" },
      { path: "/about/", answer: "Of staves and hoops" },
    ],
    takes: "minutes",
  },
  { name: "elixir-release", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "go-cgo", asks: [{ arguments: ["oak"], prints: "1a4cb739\n" }] },
  { name: "go-http", asks: [{ path: "/", answer: "<p>3 casks.</p>" }] },
  { name: "go-workspace", asks: [{ path: "/", answer: '{"casks":3}' }] },
  {
    name: "java-gradle",
    asks: [{ path: "/", answer: '{"casks":3}' }],
    takes: "minutes",
  },
  { name: "java-maven", asks: [{ path: "/", answer: '{"casks":3}' }] },
  {
    name: "java-quarkus",
    asks: [{ path: "/", answer: '{"casks":3}' }],
    writes: ["/tmp"],
    varies: "Quarkus writes classes into generated-bytecode.jar that differ each time",
    takes: "minutes",
  },
  { name: "java-spring-boot", asks: [{ path: "/", answer: '{"casks":3}' }], writes: ["/tmp"] },
  {
    name: "java-war",
    asks: [
      { path: "/casks", answer: '{"casks":3}' },
      { path: "/", answer: "<p>3 casks.</p>" },
    ],
    writes: ["/tmp"],
    takes: "minutes",
  },
  {
    name: "kotlin-maven",
    asks: [{ path: "/", answer: '{"casks":3}' }],
    takes: "minutes",
  },
  {
    name: "next-app",
    asks: [{ path: "/", answer: "casks.</p>" }],
    varies: "Next draws the build's id and the keys of previews by lot",
    takes: "minutes",
  },
  { name: "node-express", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "node-nx", asks: [{ path: "/", answer: '{"casks":3}' }], takes: "minutes" },
  { name: "node-pnpm", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "node-yarn", asks: [{ path: "/", answer: '{"casks":3}' }] },
  {
    name: "nuxt-app",
    asks: [{ path: "/", answer: "There are 3 casks." }],
    takes: "minutes",
    varies: "Nuxt writes the time of the build into its output, and draws the build's id by lot",
  },
  {
    name: "php-composer",
    asks: [
      { path: "/names", answer: "FÄSSCHEN" },
      { path: "/hoops", answer: "[4,4,4]" },
    ],
  },
  { name: "procfile", asks: [{ path: "/", answer: '{"casks":3}' }] },
  {
    name: "python-django",
    asks: [
      { path: "/", answer: "3 casks in Europe/Vienna" },
      { path: "/static/casks/style.1c22d18d295c.css", answer: "font-family: serif" },
    ],
  },
  { name: "python-fastapi", asks: [{ path: "/casks/firkin", answer: '{"name":"firkin","litres":41}' }] },
  { name: "python-flask", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "python-pdm", asks: [{ path: "/casks/firkin", answer: '{"name": "firkin", "litres": 41}' }] },
  { name: "python-pipenv", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "python-poetry", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "python-setuptools", asks: [{ path: "/", answer: '{"casks": 3}' }] },
  { name: "python-uv", asks: [{ path: "/", answer: '{"casks":3}' }] },
  {
    name: "react-router-app",
    asks: [{ path: "/", answer: "There are " }],
    takes: "minutes",
  },
  { name: "remix-app", asks: [{ path: "/", answer: "There are 3 casks." }], takes: "minutes" },
  { name: "ruby-bundler", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "ruby-sinatra", asks: [{ path: "/casks/firkin", answer: '"litres":41' }] },
  { name: "rust-http", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "rust-workspace", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "shell-script", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "static-site", asks: [{ path: "/", answer: "<p>Three casks.</p>" }] },
  { name: "sveltekit-app", asks: [{ path: "/", answer: "3 casks." }], takes: "minutes" },
  {
    name: "vite-react",
    asks: [
      { path: "/", answer: '<div id="root"></div>' },
      { path: "/a/page/of/the/application", answer: '<div id="root"></div>' },
    ],
  },
  { name: "workspace-turbo", asks: [{ path: "/", answer: '{"casks":3}' }] },
  { name: "yarn-berry", asks: [{ path: "/", answer: '{"casks":3}' }] },
];
