import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { java } from "./java.ts";

type Files = Readonly<Record<string, string>>;

const NONE = { variables: {} } as const;
const MAIN = "package shop;\n\npublic class Shop {\n  public static void main(String[] arguments) {}\n}\n";

/** A pom.xml of what differs from project to project. */
function pom(name: string, content: string): string {
  return `<project><groupId>shop</groupId><artifactId>${name}</artifactId><version>1</version>${content}</project>\n`;
}

function plugin(artifact: string, configuration = ""): string {
  return `<plugin><artifactId>${artifact}</artifactId>${configuration}</plugin>`;
}

function built(...plugins: readonly string[]): string {
  return `<build><plugins>${plugins.join("")}</plugins></build>`;
}

function needs(...names: readonly string[]): string {
  const each = names.map((name) => {
    const [group, artifact, scope] = name.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><scope>${scope ?? "compile"}</scope></dependency>`;
  });
  return `<dependencies>${each.join("")}</dependencies>`;
}

function modules(...names: readonly string[]): string {
  return `<packaging>pom</packaging><modules>${names.map((name) => `<module>${name}</module>`).join("")}</modules>`;
}

const PARENT = "<parent><artifactId>all</artifactId></parent>";
const BOOT = built(plugin("spring-boot-maven-plugin"));
const WEB = needs("org.springframework.boot:spring-boot-starter-web");
const WRAPPER =
  "distributionUrl=https://example.test/org/apache/maven/apache-maven/3.9.6/apache-maven-3.9.6-bin.zip\n";

/** Files, by the shape of an application. */
const SHAPES: Readonly<Record<string, Files>> = {
  "maven-class-path": {
    "pom.xml": pom("shop", `<properties><maven.compiler.release>11</maven.compiler.release></properties>`),
    "src/main/java/shop/Shop.java": MAIN,
  },
  "maven-modules": {
    "pom.xml": pom("all", modules("core", "web")),
    "core/pom.xml": pom("shop-core", PARENT),
    "core/src/main/java/shop/Stock.java": "package shop;\n",
    "web/pom.xml": pom("shop-web", `${PARENT}${needs("shop:shop-core")}`),
    "web/src/main/java/shop/Shop.java": MAIN,
  },
  "maven-spring-boot": {
    "pom.xml": pom("shop", `<properties><java.version>21</java.version></properties>${WEB}${BOOT}`),
    ".mvn/wrapper/maven-wrapper.properties": WRAPPER,
  },
  "maven-war": { "pom.xml": pom("shop", "<packaging>war</packaging>") },
  "maven-spring-boot-war": { "pom.xml": pom("shop", `<packaging>war</packaging>${WEB}${BOOT}`) },
  "maven-quarkus": {
    "pom.xml": pom("shop", needs("io.quarkus:quarkus-rest") + built(plugin("quarkus-maven-plugin"))),
  },
  "maven-one-jar": {
    "pom.xml": pom("shop", needs("org.apache.pdfbox:pdfbox") + built(plugin("maven-shade-plugin"))),
    ".tool-versions": "java temurin-25.0.1\nmaven 3.9\n",
  },
  "maven-kotlin": {
    "pom.xml": pom("shop", built(plugin("kotlin-maven-plugin"))),
    "src/main/kotlin/shop/main.kt": "package shop\n\nfun main() {}\n",
  },
  "maven-with-procfile": {
    "pom.xml": pom("shop", ""),
    Procfile: "web: java -jar target/shop-1.jar --port $PORT\n",
  },
  "gradle-application": {
    "settings.gradle.kts": 'rootProject.name = "all"\ninclude("core", "web")\n',
    "core/build.gradle.kts": "plugins {\n  `java-library`\n}\n",
    "web/build.gradle.kts":
      'plugins {\n  application\n}\ndependencies {\n  implementation("io.javalin:javalin:6.7.0")\n}\napplication {\n  mainClass = "shop.Shop"\n}\nkotlin {\n  jvmToolchain(21)\n}\n',
    gradlew: "#!/bin/sh\n",
  },
  "gradle-spring-boot": {
    "build.gradle":
      "plugins {\n  id 'java'\n  id 'org.springframework.boot' version '3.5.7'\n}\ndependencies {\n  implementation 'org.springframework.boot:spring-boot-starter-web'\n}\n",
    gradlew: "#!/bin/sh\n",
  },
  "gradle-of-debian": {
    "build.gradle": "apply plugin: 'application'\nmainClassName = 'shop.Shop'\n",
  },
};

for (const [shape, files] of Object.entries(SHAPES)) {
  test(`the plan of ${shape.replaceAll("-", " ")} is the stored one`, async (t) => {
    assertStoredPlan(java.plan(await sourceOf(t, files), NONE), import.meta.dirname, shape);
  });
}

/** Files of a build of Maven, settings, and the module and class that are started. */
const STARTED: readonly [string, Files, Record<string, string>, string, RegExp][] = [
  [
    "the only module that Spring Boot packages",
    {
      "pom.xml": pom("all", modules("a", "b")),
      "a/pom.xml": pom("a", PARENT),
      "a/src/main/java/Tool.java": "class Tool { \n static void main(String[] a) {} }",
      "b/pom.xml": pom("b", PARENT + BOOT),
      "b/src/main/java/App.java": "class App {\n public static void main(String... a) {} }",
    },
    {},
    "b",
    /BOOT-INF/,
  ],
  [
    "the module that is named",
    {
      "pom.xml": pom("all", modules("a", "b")),
      "a/pom.xml": pom(
        "first",
        PARENT +
          built(plugin("exec-maven-plugin", "<configuration><mainClass>x.A</mainClass></configuration>")),
      ),
      "b/pom.xml": pom(
        "second",
        PARENT +
          built(plugin("exec-maven-plugin", "<configuration><mainClass>x.B</mainClass></configuration>")),
      ),
    },
    { MAVEN_MODULE: "second" },
    "b",
    /"x\.B"/,
  ],
  [
    "a class that a property of the parent names",
    {
      "pom.xml": pom(
        "all",
        `<properties><entry>shop.\${kind}</entry><kind>Web</kind></properties>${modules("a")}`,
      ),
      "a/pom.xml": pom("a", `${PARENT}<properties><exec.mainClass>\${entry}</exec.mainClass></properties>`),
    },
    {},
    "a",
    /"shop\.Web"/,
  ],
  [
    "the likely one of several classes",
    {
      "pom.xml": pom("a", ""),
      "src/main/java/x/Migrate.java": MAIN.replace("Shop", "Migrate"),
      "src/main/java/x/Main.java": MAIN.replace("Shop", "Main"),
    },
    {},
    ".",
    /"shop\.Main"/,
  ],
  [
    "an object of Kotlin",
    {
      "pom.xml": pom("a", ""),
      "src/main/kotlin/x.kt": "package x\n\nobject Entry {\n  @JvmStatic fun main(a: Array<String>) {}\n}\n",
    },
    {},
    ".",
    /"x\.Entry"/,
  ],
  [
    "a plugin that is only managed names the class",
    {
      "pom.xml": pom(
        "a",
        `<build><pluginManagement><plugins>${plugin("maven-jar-plugin", "<configuration><archive><manifest><mainClass>m.M</mainClass></manifest></archive></configuration>")}</plugins></pluginManagement></build>`,
      ),
    },
    {},
    ".",
    /"m\.M"/,
  ],
];

for (const [name, files, variables, directory, command] of STARTED) {
  test(`what is started is ${name}`, async (t) => {
    const { steps } = java.plan(await sourceOf(t, files), { variables });
    const [packaging, layout] = steps["build"]?.commands.map(String) ?? [];
    if (directory !== ".") assert.match(packaging ?? "", new RegExp(`--projects ${directory} --also-make`));
    assert.match(layout ?? "", command);
  });
}

const servlets = (group: string): string =>
  `<dependencies><dependency><groupId>${group}</groupId><artifactId>a</artifactId><scope>provided</scope></dependency></dependencies>`;

test("a war lies in the Tomcat of the servlets that it is written for", async (t) => {
  const war = (group: string): string => pom("a", `<packaging>war</packaging>${servlets(group)}`);
  const cases: readonly [Files, Record<string, string>, RegExp][] = [
    [{ "pom.xml": war("jakarta.servlet") }, {}, /tomcat:10\.1\.\d+:zip/],
    [{ "pom.xml": war("javax.servlet") }, {}, /tomcat:9\.0\.\d+:zip/],
    [{ "pom.xml": war("jakarta.servlet") }, { TOMCAT_VERSION: "11" }, /tomcat:11\.0\.\d+:zip/],
    [{ "pom.xml": war("jakarta.servlet") }, { TOMCAT_VERSION: "10.1.40" }, /tomcat:10\.1\.40:zip/],
    [{ "build.gradle": "apply plugin: 'war'" }, {}, /tomcat:10\.1\.\d+:zip/],
    [
      {
        "pom.xml": pom("all", modules("a", "b")),
        "a/pom.xml": pom("a", PARENT),
        "b/pom.xml": war("jakarta.servlet"),
      },
      {},
      /tomcat:10\.1/,
    ],
  ];
  for (const [files, variables, fetched] of cases) {
    const { steps, deploy } = java.plan(await sourceOf(t, files), { variables });
    assert.match(String(steps["tomcat"]?.commands[0]), fetched);
    assert.equal(deploy.command.at(-1), "@/opt/tomcat/launch");
    assert.equal(deploy.copies.at(-1)?.target, "app/ROOT");
  }
  const source = await sourceOf(t, { "pom.xml": war("jakarta.servlet") });
  assert.throws(() => java.plan(source, { variables: { TOMCAT_VERSION: "8.5" } }), {
    code: "VERSION_UNAVAILABLE",
    advice: /9\.0, 10\.1, 11\.0/,
  });
});

test("a build that leaves open what is started is told what to say", async (t) => {
  const open: readonly [Files, Record<string, string>, RegExp, RegExp][] = [
    [
      {
        "pom.xml": pom("all", modules("a", "b")),
        "a/pom.xml": pom("a", PARENT + BOOT),
        "a/src/main/java/A.java": MAIN,
        "b/pom.xml": pom("b", PARENT + BOOT),
        "b/src/main/java/B.java": MAIN,
      },
      {},
      /the modules a, b may all be the application/,
      /MAVEN_MODULE=DIRECTORY, one of: a, b/,
    ],
    [{ "pom.xml": pom("a", "") }, { MAVEN_MODULE: "x" }, /there is no module x/, /MAVEN_MODULE/],
    [
      { "pom.xml": pom("a", ""), "src/main/java/A.java": MAIN, "src/main/java/B.java": MAIN },
      {},
      /2 classes may begin the program: shop\.A, shop\.B/,
      /JAVA_MAIN_CLASS/,
    ],
    [{ "pom.xml": pom("a", "") }, {}, /has no class in which a program begins/, /JAVA_MAIN_CLASS/],
    [
      { "build.gradle": "apply plugin: 'java'" },
      {},
      /no build script applies a plugin/,
      /application plugin/,
    ],
    [
      {
        "a/build.gradle": "plugins { id 'application' }",
        "b/build.gradle": "plugins { id 'application' }",
        "settings.gradle": "",
      },
      {},
      /the projects a, b may all be/,
      /GRADLE_PROJECT=DIRECTORY, one of: a, b/,
    ],
  ];
  for (const [files, variables, message, advice] of open) {
    const source = await sourceOf(t, files);
    assert.throws(() => java.plan(source, { variables }), { code: "START_UNKNOWN", message, advice });
  }
});

test("a pom.xml that is not XML is named with the line", async (t) => {
  const source = await sourceOf(t, { "pom.xml": "<project>\n<a></b>" });
  assert.throws(() => java.plan(source, NONE), {
    code: "SOURCE_INVALID",
    message: /^pom\.xml is not XML: .*2:/,
  });
});

test("the JDK is the oldest that will do of those that Debian has, and another is an error that says which", async (t) => {
  const cases: readonly [Files, string][] = [
    [{}, "openjdk-17-jdk-headless/"],
    [{ ".java-version": "21" }, "openjdk-21-jdk-headless/"],
    [{ ".sdkmanrc": "java=25.0.1-tem" }, "openjdk-25-jdk-headless/"],
    [{ "pom.xml": pom("a", "<properties><java.version>1.8</java.version></properties>") }, "openjdk-17"],
    [
      {
        "pom.xml": pom(
          "a",
          built(plugin("maven-compiler-plugin", "<configuration><release>22</release></configuration>")),
        ),
      },
      "openjdk-25",
    ],
    [
      {
        "pom.xml": pom(
          "a",
          "<properties><kotlin.compiler.jvmTarget>21</kotlin.compiler.jvmTarget></properties>",
        ),
      },
      "openjdk-21",
    ],
  ];
  for (const [files, jdk] of cases) {
    const source = await sourceOf(t, { "pom.xml": pom("a", ""), "src/main/java/A.java": MAIN, ...files });
    assert.match(java.plan(source, NONE).steps["build"]?.root?.[0] ?? "", new RegExp(jdk));
  }
  const old = await sourceOf(t, { "pom.xml": pom("a", ""), ".java-version": "11" });
  assert.throws(() => java.plan(old, NONE), {
    code: "VERSION_UNAVAILABLE",
    message: /Java 11 .*there is 17, 21, 25/,
  });
});

test("a command of the Procfile's own finds classes and libraries where no class is known to begin", async (t) => {
  const files = { "pom.xml": pom("a", ""), Procfile: "web: java -cp classes:lib/* x.Y\n" };
  const { deploy } = java.plan(await sourceOf(t, files), NONE);
  assert.deepEqual(
    deploy.copies.map(({ target }) => target),
    [".", "app/lib", "app"],
  );
  assert.deepEqual(deploy.command, ["/bin/sh", "-c", "exec java -cp classes:lib/* x.Y"]);
});

test("Maven is an exact version that is asked for, the newest of a line, or Debian's", async (t) => {
  const cases: readonly [string, string, RegExp][] = [
    ["3.9.6", "apache-maven:3.9.6:zip", /\/ca-cert/],
    ["3.9", "apache-maven:3.9.11:zip", /\/ca-cert/],
    ["3.8", "", /\/maven\//],
  ];
  const source = await sourceOf(t, { "pom.xml": pom("a", ""), "src/main/java/A.java": MAIN });
  for (const [MAVEN_VERSION, artifact, root] of cases) {
    const { steps } = java.plan(source, { variables: { MAVEN_VERSION } });
    assert.ok(String(steps["maven"]?.commands ?? "").includes(artifact));
    assert.match(steps["build"]?.root?.[0] ?? "", root);
  }
  assert.throws(() => java.plan(source, { variables: { MAVEN_VERSION: "4.1" } }), {
    code: "VERSION_UNAVAILABLE",
    message: /Maven 4\.1/,
  });
});

test("fonts and image libraries are there for code that draws", async (t) => {
  const files = { "pom.xml": pom("a", ""), "src/main/java/A.java": `import java.awt.Color;\n${MAIN}` };
  const [root = ""] = java.plan(await sourceOf(t, files), NONE).deploy.root;
  assert.match(root, /libfontconfig1\/libfreetype6/);
});

test("the image's Java is made of the modules that are named, or is Debian's", async (t) => {
  const source = await sourceOf(t, { "pom.xml": pom("a", ""), "src/main/java/A.java": MAIN });
  const named = java.plan(source, { variables: { JAVA_MODULES: "java.base,java.net.http" } });
  assert.match(String(named.steps["runtime"]?.commands[0]), /--add-modules java\.base,java\.net\.http /);
  const debian = java.plan(source, { variables: { JAVA_RUNTIME: "jre" } });
  assert.deepEqual(debian.deploy.root, ["apt:openjdk-17-jre-headless"]);
  assert.deepEqual(Object.keys(debian.steps), ["maven", "build"]);
});
