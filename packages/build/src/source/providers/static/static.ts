import { finishPlan } from "../../finish-plan.ts";
import type { Provider } from "../../provider.ts";

const ROOTS = ["public", "dist", "build", "site", "."] as const;

/** Pages that need no program of their own: served by busybox's httpd. */
export const staticSite: Provider = {
  name: "static",
  detect: (source) => ROOTS.map((root) => indexOf(root)).find((path) => source.has(path)),
  plan: (source, settings) => {
    const root = settings.variables["STATIC_ROOT"] ?? ROOTS.find((each) => source.has(indexOf(each))) ?? ".";
    return finishPlan(
      {
        name: "static",
        steps: {},
        deploy: {
          root: ["apt:busybox-static"],
          copies: [{ from: "source", source: root, target: "app" }],
          start: ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/app"],
          ports: [8080],
        },
      },
      source,
      settings,
    );
  },
};

function indexOf(root: string): string {
  return root === "." ? "index.html" : `${root}/index.html`;
}
