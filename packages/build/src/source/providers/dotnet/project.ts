import { posix } from "node:path";
import { BuildError } from "../../../errors.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { parseXml, xmlAll, type XmlElement, xmlWithin } from "../../project/xml.ts";

/** A project of MSBuild, so far as its file says it without being run. */
export interface Project {
  readonly path: string;
  /** What its own files are called when it is published. */
  readonly assembly: string;
  /** What it is made to run on: a web server, or .NET alone. */
  readonly runtime: "aspnetcore" | "dotnet";
  /** `8.0`; undefined where a file above it says it, or none. */
  readonly version: string | undefined;
  readonly kind: "program" | "library" | "test";
}

/** Every project of C#, F# or Visual Basic, the nearest to the top first. `SOURCE_INVALID` */
export function readProjects(source: Source): readonly Project[] {
  return source
    .matching("**/*.csproj", "**/*.fsproj", "**/*.vbproj")
    .filter((path) => !/(^|\/)(bin|obj)\//.test(path))
    .toSorted((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
    .map((path) => projectOf(path, parseXml(source.text(path) ?? "", path)));
}

function depth(path: string): number {
  return path.split("/").length;
}

function projectOf(path: string, root: XmlElement): Project {
  const property = (name: string): string | undefined =>
    xmlAll(root, "PropertyGroup")
      .flatMap(({ children }) => children)
      .find((child) => child.name === name && !child.text.includes("$("))?.text;
  const sdk = root.attributes["Sdk"] ?? "";
  const packages = xmlWithin(root, "PackageReference").map(({ attributes }) => attributes["Include"] ?? "");
  const frameworks = xmlWithin(root, "FrameworkReference").map(
    ({ attributes }) => attributes["Include"] ?? "",
  );
  const isWeb = sdk.endsWith(".Web") || frameworks.includes("Microsoft.AspNetCore.App");
  const isTest = property("IsTestProject") === "true" || packages.includes("Microsoft.NET.Test.Sdk");
  const isProgram =
    sdk.endsWith(".Web") || sdk.endsWith(".Worker") || /^(win)?exe$/i.test(property("OutputType") ?? "");
  return {
    path,
    assembly: property("AssemblyName") ?? posix.basename(path).replace(/\.\w+$/, ""),
    runtime: isWeb ? "aspnetcore" : "dotnet",
    version: /net(\d+\.\d+)/.exec(property("TargetFramework") ?? property("TargetFrameworks") ?? "")?.[1],
    kind: isTest ? "test" : isProgram ? "program" : "library",
  };
}

/** The one that DOTNET_PROJECT names, else the only program, else the only web server. `START_UNKNOWN` */
export function findProgram(projects: readonly Project[], settings: Settings): Project {
  const wanted = settings.variables["DOTNET_PROJECT"];
  const programs = projects.filter(({ kind, path, assembly }) =>
    wanted === undefined
      ? kind === "program"
      : path === wanted || posix.dirname(path) === wanted || assembly === wanted,
  );
  const servers = programs.filter(({ runtime }) => runtime === "aspnetcore");
  const likely = programs.length > 1 && servers.length > 0 ? servers : programs;
  const [chosen] = likely;
  if (chosen !== undefined && likely.length === 1) return chosen;
  const names = (likely.length === 0 ? projects : likely).map(({ path }) => path).join(", ");
  throw new BuildError(
    "START_UNKNOWN",
    likely.length === 0
      ? `no project builds a program${wanted === undefined ? "" : ` called ${wanted}`}: ${names}`
      : `the projects ${names} may all be the application`,
    { advice: "Give --env DOTNET_PROJECT=PATH.", fields: { provider: "dotnet" } },
  );
}
