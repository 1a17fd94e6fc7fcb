/** Where the server finds the site in the image. */
export const SITE_ROOT = "/app";

/** Types by suffix, as browsers want them; what is not here is bytes. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  htm: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  webmanifest: "application/manifest+json",
  xml: "application/xml",
  rss: "application/rss+xml",
  atom: "application/atom+xml",
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  ics: "text/calendar; charset=utf-8",
  vtt: "text/vtt; charset=utf-8",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  pdf: "application/pdf",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  ico: "image/x-icon",
  bmp: "image/bmp",
  woff: "font/woff",
  woff2: "font/woff2",
  ttf: "font/ttf",
  otf: "font/otf",
  eot: "application/vnd.ms-fontobject",
  mp3: "audio/mpeg",
  m4a: "audio/mp4",
  ogg: "audio/ogg",
  wav: "audio/wav",
  mp4: "video/mp4",
  webm: "video/webm",
  zip: "application/zip",
};
/** What is worth compressing, once, when the site is built. */
export const COMPRESSED = [
  "html",
  "htm",
  "css",
  "js",
  "mjs",
  "json",
  "map",
  "webmanifest",
  "xml",
  "rss",
  "atom",
  "txt",
  "md",
  "csv",
  "svg",
  "wasm",
  "ttf",
  "otf",
  "eot",
] as const;

/** lighttpd's own: what it serves, on which port, and which types files have. */
export function serverConfiguration(): string {
  const types = COMPRESSED.flatMap((suffix) =>
    ["br", "gz"].map((form) => [`.${suffix}.${form}`, TYPES[suffix] ?? ""] as const),
  );
  const all = [
    ...types,
    ...Object.entries(TYPES).map(([suffix, type]) => [`.${suffix}`, type] as const),
    ["", "application/octet-stream"] as const,
  ];
  return [
    'server.modules = ("mod_magnet")',
    "server.port = env.PORT",
    `server.document-root = "${SITE_ROOT}"`,
    'server.tag = ""',
    'index-file.names = ("index.html")',
    `server.errorfile-prefix = "${SITE_ROOT}/"`,
    'magnet.attract-physical-path-to = ("/etc/lighttpd/serve.lua")',
    `mimetype.assign = (${all.map(([suffix, type]) => `"${suffix}" => "${type}"`).join(",\n  ")})`,
    "",
  ].join("\n");
}

/** What a path means where it names no file, and which form of a file a browser gets. */
export function serveScript(pages: "application" | "documents", immutable: string | undefined): string {
  return `-- A path that names no file is a page without .html${pages === "application" ? ", or the application's one page" : ""};
-- a browser that takes it gets the form of a file that was compressed when the site was built.
local request = lighty.r
local root = request.req_attr["physical.doc-root"]
local path = request.req_attr["physical.path"]
local stat = lighty.c.stat

local function file(candidate)
  local found = stat(candidate)
  return found and found.is_file
end

if string.sub(path, -1) == "/" and file(path .. "index.html") then
  path = path .. "index.html" -- of a directory, with its slash
elseif not file(path) then
  local page = string.gsub(path, "/+$", "")
  local directory = stat(page)
  if file(page .. ".html") then
    path = page .. ".html"
  elseif directory and directory.is_dir then
    return 0 -- without its slash: a redirect to where it has one
  ${pages === "application" ? 'elseif not string.find(page, "%.[^/]*$") then\n    path = root .. "/index.html"\n  ' : ""}end
end
if not file(path) then return 0 end

local name = string.sub(path, #root + 1)
local header = request.resp_header
header["Cache-Control"] = ${
    immutable === undefined
      ? '"no-cache"'
      : `string.sub(name, 1, ${immutable.length}) == "${immutable}"
  and "public, max-age=31536000, immutable" or "no-cache"`
  }
header["X-Content-Type-Options"] = "nosniff"

-- Files of an image all have one time, so that neither it nor the size tells versions apart.
package.path = "/etc/lighttpd/?.lua"
local etag = require("etags")[name]

local accepted = request.req_header["Accept-Encoding"] or ""
local encoding
for _, form in ipairs({ { "br", ".br" }, { "gzip", ".gz" } }) do
  if file(path .. form[2]) then
    header["Vary"] = "Accept-Encoding"
    if not encoding and string.find(accepted, "%f[%w]" .. form[1] .. "%f[%W]") then
      encoding = form[1]
      path = path .. form[2]
      header["Content-Encoding"] = encoding
      break
    end
  end
end
if etag then header["ETag"] = '"' .. etag .. (encoding and "-" .. encoding or "") .. '"' end
request.req_attr["physical.path"] = path
return 0
`;
}
