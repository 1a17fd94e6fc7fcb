import { distributionOf } from "../../distribution/distribution.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import type { Provider } from "../provider.ts";
import { serveSite } from "../../site/site.ts";

const ROOTS = ["public", "dist", "build", "site", "."] as const;

/** Pages that need no program of their own. */
export const staticSite: Provider = {
  name: "static",
  ecosystems: ["apt", "apk"],
  detect: (source) => ["Staticfile", ...ROOTS.map((root) => indexOf(root))].find((path) => source.has(path)),
  plan: (source, settings) => {
    const { STATIC_ROOT, SITE_PAGES } = settings.variables;
    const said = STATIC_ROOT ?? /^root:[ \t]*["']?([^"'\s]+)/m.exec(source.text("Staticfile") ?? "")?.[1];
    const root = said ?? ROOTS.find((each) => source.has(indexOf(each))) ?? ".";
    const pages = SITE_PAGES === "application" ? "application" : "documents";
    const site = serveSite({ from: "source", source: root, pages }, {}, distributionOf(settings));
    return finishPlan({ name: "static", ...site }, source, settings);
  },
};

function indexOf(root: string): string {
  return root === "." ? "index.html" : `${root}/index.html`;
}
