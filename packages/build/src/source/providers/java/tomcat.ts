import { BuildError } from "../../../errors.ts";
import type { PlanStep } from "../../plan/plan.ts";
import type { Settings } from "../provider.ts";
import { unpackStep } from "./artifact.ts";
import type { Jdk } from "./jdk.ts";
import { DEPENDENCIES, JAVA_FLAGS, LAID_OUT, type Layout, takeOwn } from "./start.ts";

/** Of each line of Tomcat that is kept up the version that this Cooper knows; as of November 2026. */
const TOMCATS = { "9.0": "9.0.98", "10.1": "10.1.59", "11.0": "11.0.24" } as const;

/**
 * TOMCAT_VERSION, a line or an exact one; else the last for servlets of `javax`, where a dependency has them,
 * and 10.1, which has those of Jakarta EE 10, for all others. `VERSION_UNAVAILABLE`
 */
export function tomcatVersion(settings: Settings, dependencies: readonly string[]): string {
  const wanted = settings.variables["TOMCAT_VERSION"];
  if (wanted === undefined) return TOMCATS[dependencies.some((name) => JAVAX.test(name)) ? "9.0" : "10.1"];
  if (/^\d+\.\d+\.\d+$/.test(wanted)) return wanted;
  const line = Object.entries(TOMCATS).find(([each]) => each === wanted || each.startsWith(`${wanted}.`));
  if (line !== undefined) return line[1];
  throw new BuildError("VERSION_UNAVAILABLE", `there is no line ${wanted} of Tomcat`, {
    advice: `Set TOMCAT_VERSION to one of ${Object.keys(TOMCATS).join(", ")}, or to an exact version.`,
    fields: { tool: "tomcat", wanted, available: Object.keys(TOMCATS).join(",") },
  });
}

/** What Java EE was called before it was Jakarta's. */
const JAVAX = /^javax:javaee|^javax\.(servlet|servlet\.jsp|websocket):/;

/** Where Tomcat is in the image, and where it is fetched to. */
const TOMCAT = "/opt/tomcat";
const FETCHED = "/opt/fetched";

/** Tomcat without its own applications and scripts, with settings for one application in a container. */
export function tomcatStep(jdk: Jdk, version: string): PlanStep {
  const { commands, ...step } = unpackStep(jdk, `org.apache.tomcat:tomcat:${version}:zip`, FETCHED);
  const home = `${FETCHED}/apache-tomcat-${version}`;
  return {
    ...step,
    files: Object.entries(FILES).map(([path, text]) => ({ path: `${TOMCAT}/${path}`, text })),
    commands: [
      ...commands,
      [
        `mkdir -p ${TOMCAT}/bin ${TOMCAT}/conf`,
        `cp ${home}/bin/bootstrap.jar ${home}/bin/tomcat-juli.jar ${TOMCAT}/bin/`,
        `cp -R ${home}/lib ${TOMCAT}/lib`,
        `cp ${home}/conf/web.xml ${home}/conf/catalina.properties ${TOMCAT}/conf/`,
      ].join("\n"),
    ],
  };
}

/** A war, taken apart as Tomcat would; `own` are patterns of jars that change with the code. */
export function inTomcat(war: string, own: readonly string[]): Layout {
  const library = `${LAID_OUT}/WEB-INF/lib`;
  return {
    commands: [
      `mkdir -p ${LAID_OUT} && war=$(realpath "${war}") && cd ${LAID_OUT} && jar --extract --file "$war"`,
      `mkdir -p ${library} && mv ${library} ${DEPENDENCIES}`,
      ...takeOwn(library, own),
    ],
    copies: [
      { from: "tomcat", source: TOMCAT, target: TOMCAT.slice(1) },
      { from: "build", source: DEPENDENCIES, target: "app/ROOT/WEB-INF/lib" },
      { from: "build", source: LAID_OUT, target: "app/ROOT" },
    ],
    command: ["java", ...JAVA_FLAGS, `@${TOMCAT}/launch`],
  };
}

/** Everything under /app is an application; PORT is the environment's; what is written lies in /tmp; the log is the container's. */
const FILES: Readonly<Record<string, string>> = {
  "conf/server.xml": `<?xml version="1.0" encoding="UTF-8"?>
<Server port="-1">
  <Listener className="org.apache.catalina.core.JreMemoryLeakPreventionListener"/>
  <Listener className="org.apache.catalina.core.ThreadLocalLeakPreventionListener"/>
  <Service name="Catalina">
    <Connector port="\${PORT:-8080}" protocol="HTTP/1.1" URIEncoding="UTF-8"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="/app" workDir="/tmp/tomcat" autoDeploy="false" createDirs="false">
        <Valve className="org.apache.catalina.valves.RemoteIpValve" protocolHeader="x-forwarded-proto"/>
        <Valve className="org.apache.catalina.valves.ErrorReportValve" showReport="false" showServerInfo="false"/>
      </Host>
    </Engine>
  </Service>
</Server>
`,
  // Sessions are not written down when it ends: there is nowhere to write.
  "conf/context.xml": `<?xml version="1.0" encoding="UTF-8"?>
<Context>
  <Manager pathname=""/>
</Context>
`,
  "conf/logging.properties": `handlers = java.util.logging.ConsoleHandler
.handlers = java.util.logging.ConsoleHandler
java.util.logging.ConsoleHandler.level = INFO
java.util.logging.ConsoleHandler.formatter = org.apache.juli.OneLineFormatter
java.util.logging.ConsoleHandler.encoding = UTF-8
`,
  launch: `-Dcatalina.home=${TOMCAT}
-Djava.util.logging.config.file=${TOMCAT}/conf/logging.properties
-Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager
-Dorg.apache.tomcat.util.digester.PROPERTY_SOURCE=org.apache.tomcat.util.digester.EnvironmentPropertySource
--add-opens=java.base/java.lang=ALL-UNNAMED
--add-opens=java.base/java.io=ALL-UNNAMED
--add-opens=java.base/java.util=ALL-UNNAMED
--add-opens=java.base/java.util.concurrent=ALL-UNNAMED
--add-opens=java.rmi/sun.rmi.transport=ALL-UNNAMED
-cp
${TOMCAT}/bin/bootstrap.jar:${TOMCAT}/bin/tomcat-juli.jar
org.apache.catalina.startup.Bootstrap
start
`,
};
