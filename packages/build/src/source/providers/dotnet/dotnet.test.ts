import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { exampleOf, sourceOf } from "../../project/source.fixture.ts";
import { dotnet } from "./dotnet.ts";

const NONE = { variables: {} } as const;
const WEB =
  '<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>';
const TOOL =
  '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><AssemblyName>shop</AssemblyName></PropertyGroup></Project>';
const LIBRARY =
  '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>';
const TEST =
  '<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><PackageReference Include="Microsoft.NET.Test.Sdk"/></ItemGroup><PropertyGroup><OutputType>Exe</OutputType></PropertyGroup></Project>';

for (const [shape, files] of Object.entries({
  "a-web-server": { "Shop.csproj": `\uFEFF${WEB}`, "Program.cs": "" },
  "a-program": { "shop.fsproj": TOOL, "global.json": '{"sdk":{"version":"8.0.100"}}' },
  "a-solution": {
    "Shop.sln": "",
    "src/Shop.Web/Shop.Web.csproj": WEB,
    "src/Shop.Tool/Shop.Tool.csproj": TOOL,
    "src/Shop.Core/Shop.Core.csproj": LIBRARY,
    "test/Shop.Test/Shop.Test.csproj": TEST,
  },
})) {
  test(`the plan of ${shape.replaceAll("-", " ")} in .NET is the stored one`, async (t) => {
    const source = await sourceOf(t, files);
    assert.notEqual(dotnet.detect(source), undefined);
    assertStoredPlan(dotnet.plan(source, NONE), import.meta.dirname, shape);
  });
}

test("the plan of examples/dotnet-web is the stored one", async (t) => {
  const plan = dotnet.plan(await exampleOf(t, "dotnet-web"), NONE);
  assertStoredPlan(plan, import.meta.dirname, "example-web");
});

test("the SDK and the runtime are those that are named", async (t) => {
  const variables = { DOTNET_SDK: "oci:sdk:9", DOTNET_RUNTIME: "oci:runtime:9" };
  const { steps, deploy } = dotnet.plan(await sourceOf(t, { "Shop.csproj": WEB }), { variables });
  assert.deepEqual([steps["restore"]?.root, deploy.root], [["oci:sdk:9"], ["oci:runtime:9"]]);
});

test("several programs, and none, are told how to say which", async (t) => {
  const files = { "a/A.csproj": WEB, "b/B.csproj": WEB, "c/C.csproj": LIBRARY };
  const source = await sourceOf(t, files);
  assert.throws(() => dotnet.plan(source, NONE), {
    code: "START_UNKNOWN",
    message: /a\/A\.csproj, b\/B\.csproj may all be/,
    advice: /DOTNET_PROJECT/,
  });
  for (const name of ["b/B.csproj", "b", "B"]) {
    const { deploy } = dotnet.plan(source, { variables: { DOTNET_PROJECT: name } });
    assert.deepEqual(deploy.command, ["dotnet", "/app/B.dll"]);
  }
  const library = await sourceOf(t, { "C.csproj": LIBRARY });
  assert.throws(() => dotnet.plan(library, NONE), {
    code: "START_UNKNOWN",
    message: /no project builds a program/,
  });
});
