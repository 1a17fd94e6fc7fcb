import { finishPlan } from "../../plan/finish-plan.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { wantedVersion } from "../../versions/wanted.ts";
import { findProgram, type Project, readProjects } from "./project.ts";

/** The one with long-term support that Ubuntu's archive has. */
const DEFAULT_VERSION = "8.0";
const PUBLISHED = "/opt/application";

/** .NET, published for the runtime that lies under it. */
export const dotnet: Provider = {
  name: "dotnet",
  detect: (source) => source.matching(...SIGNS)[0],
  plan: (source, settings) => {
    const projects = readProjects(source);
    const program = findProgram(projects, settings);
    const { sdk, runtime } = referencesOf(source, settings, program);
    const own = [
      ...projects.flatMap(({ assembly }) => [`${assembly}.*`]),
      "appsettings*.json",
      "wwwroot",
      "web.config",
    ];
    const common = {
      caches: [{ id: "nuget", target: "/root/.nuget/packages", sharing: "shared" as const }],
      network: "host" as const,
      configuration: ["certificates" as const],
      environment: { DOTNET_CLI_TELEMETRY_OPTOUT: "1", DOTNET_NOLOGO: "1" },
    };
    const publish = `dotnet publish ${program.path} --configuration Release --output ${PUBLISHED} -p:UseAppHost=false -p:ContinuousIntegrationBuild=true -p:Deterministic=true`;
    return finishPlan(
      {
        name: "dotnet",
        steps: {
          restore: {
            ...common,
            root: [sdk],
            copies: [{ from: "source", source: ".", target: "app", include: [...MANIFESTS] }],
            commands: [settings.installCommand ?? `dotnet restore ${program.path}`],
          },
          build: {
            ...common,
            after: "restore",
            copies: [{ from: "source", source: ".", target: "app", exclude: ["**/bin", "**/obj"] }],
            commands: [settings.buildCommand ?? publish],
            secrets: Object.keys(settings.variables),
          },
        },
        deploy: {
          root: [runtime],
          copies: [
            { from: "build", source: PUBLISHED, target: "app", exclude: own },
            { from: "build", source: PUBLISHED, target: "app", include: own },
          ],
          start: ["dotnet", `/app/${program.assembly}.dll`],
          environment: {
            DOTNET_EnableDiagnostics: "0",
            DOTNET_NOLOGO: "1",
            ...(program.runtime === "aspnetcore" ? { ASPNETCORE_HTTP_PORTS: "8080", PORT: "8080" } : {}),
          },
          ...(program.runtime === "aspnetcore" ? { ports: [8080] } : {}),
        },
      },
      source,
      settings,
    );
  },
};

const SIGNS = [
  "*.sln",
  "*.slnx",
  ...["csproj", "fsproj", "vbproj"].flatMap((kind) => [`*.${kind}`, `*/*.${kind}`, `src/*/*.${kind}`]),
] as const;

/** What says which packages: a change of code restores none again. */
const MANIFESTS = [
  "**/*.csproj",
  "**/*.fsproj",
  "**/*.vbproj",
  "*.sln",
  "*.slnx",
  "global.json",
  "**/packages.lock.json",
  "**/Directory.*.props",
  "**/Directory.*.targets",
  "**/nuget.config",
  "**/NuGet.config",
  "**/NuGet.Config",
] as const;

/**
 * Where the SDK and what runs under the application come from. Ubuntu's archive has both under these
 * names; DOTNET_SDK and DOTNET_RUNTIME are any other references.
 */
function referencesOf(
  source: Source,
  settings: Settings,
  program: Project,
): { readonly sdk: string; readonly runtime: string } {
  const asked = wantedVersion(source, settings, "dotnet")?.version;
  const version = program.version ?? /^\d+\.\d+/.exec(asked ?? "")?.[0] ?? DEFAULT_VERSION;
  return {
    sdk: settings.variables["DOTNET_SDK"] ?? `apt:dotnet-sdk-${version}/ca-certificates/dash/coreutils`,
    runtime:
      settings.variables["DOTNET_RUNTIME"] ?? `apt:${program.runtime}-runtime-${version}/ca-certificates`,
  };
}
