import assert from "node:assert/strict";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { requireProgram } from "@cooper/test";
import { visitorOf } from "../conformance/visitor.test.ts";
import { pull, serveDemand } from "../demand/demand.fixture.ts";
import type { Serving } from "../demand/demand.fixture.ts";
import { html } from "./html.ts";
import { durationText, sizeText } from "./units.ts";

test("what stands in markup is escaped, unless it is markup", () => {
  const item = html`<b>${"<&>\"'"}</b>`;
  assert.equal(item.text, "<b>&lt;&amp;&gt;&quot;&#39;</b>");
  assert.equal(
    html`<p title="${'"'}">${[item, item]}${undefined}${3}</p>`.text,
    `<p title="&quot;">${item.text}${item.text}3</p>`,
  );
});

test("sizes and times are written for people", () => {
  assert.deepEqual([0, 999, 1000, 12_345_678, 123e9].map(sizeText), [
    "0 B",
    "999 B",
    "1.0 kB",
    "12.3 MB",
    "123 GB",
  ]);
  assert.deepEqual([0.04, 12.4, 125, 12_000].map(durationText), ["0.0 s", "12 s", "2 min 5 s", "3 h 20 min"]);
});

test("the page stands on its own: no script, no form, nothing from elsewhere", async (t) => {
  const { host, url } = await serveDemand(t);
  await pull(`${host}/random/x:2x100k`);
  const answer = await visitorOf(t, url).ask("GET", "/");
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers["content-type"]), /^text\/html/);
  const policy = String(answer.headers["content-security-policy"]);
  assert.match(
    policy,
    /default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'/,
  );
  const text = answer.body.toString();
  assert.doesNotMatch(text, /<script|javascript:|onload=|style="|https?:\/\/(?!127\.0\.0\.1|registry-1)/i);
  assert.match(text, /random\/x:2x100k/);
  const head = await visitorOf(t, url).ask("HEAD", "/");
  assert.equal(head.headers["content-length"], String(answer.body.byteLength));
  assert.equal((await visitorOf(t, url).ask("POST", "/")).status, 405);
  assert.equal((await visitorOf(t, url).ask("GET", "/other")).status, 404);
});

test("a host that a visitor makes up is not shown", async (t) => {
  const { url } = await serveDemand(t);
  const answer = await visitorOf(t, url).ask("GET", "/", {
    headers: { Host: '"><script>alert(1)</script>' },
  });
  assert.equal(answer.status, 200);
  assert.doesNotMatch(answer.body.toString(), /<script|alert/);
  const own = await serveDemand(t, {}, { publicUrl: "https://registry.example.org" });
  const known = await visitorOf(t, own.url).ask("GET", "/");
  assert.match(known.body.toString(), /docker pull registry\.example\.org\/apt\/curl\/jq/);
});

test("who may not list sees the page without what was made, and no builds", async (t) => {
  const { host, url } = await serveDemand(
    t,
    {},
    { authorize: (_, { action }) => ({ verdict: action === "list" ? "deny" : "allow" }) },
  );
  await pull(`${host}/random/secret:1x1k`);
  const visitor = visitorOf(t, url);
  assert.doesNotMatch((await visitor.ask("GET", "/")).body.toString(), /secret/);
  assert.equal((await visitor.ask("GET", "/_cooper/builds")).status, 403);
});

interface Builds {
  readonly builds: readonly { readonly id: string; readonly name: string; readonly state: string }[];
}

test("builds are listed as JSON, each with its log", async (t) => {
  const { host, url } = await serveDemand(t);
  await pull(`${host}/random/x:1x1k`);
  const visitor = visitorOf(t, url);
  const { builds }: Builds = JSON.parse((await visitor.ask("GET", "/_cooper/builds")).body.toString());
  const [build] = builds;
  assert.equal(build?.name, "random/x:1x1k");
  assert.equal(build.state, "done");
  const one = await visitor.ask("GET", `/_cooper/builds/${build.id}`);
  const status: { readonly digest: string; readonly bytes: number } = JSON.parse(one.body.toString());
  assert.match(status.digest, /^sha256:/);
  assert.ok(status.bytes > 1000);
  const log = await visitor.ask("GET", `/_cooper/builds/${build.id}/log`);
  assert.match(log.body.toString(), /finds out what random:x:1x1k is made of\n.*layer/s);
  assert.equal((await visitor.ask("GET", `/_cooper/builds/${"0".repeat(36)}`)).status, 404);
  assert.equal((await visitor.ask("DELETE", `/_cooper/builds/${build.id}`)).status, 409);
  const page = await visitor.ask("GET", `/_cooper/builds/${build.id}`, {
    headers: { Accept: "text/html,*/*" },
  });
  assert.match(page.body.toString(), /<h1>.*random\/x:1x1k/s);
});

test("a build's progress comes as events, and ends when it is stopped", async (t) => {
  const { url, demand } = await serveDemand(t);
  const visitor = visitorOf(t, url);
  const asked = visitor.ask("GET", "/v2/random/x/manifests/9x900M");
  while (demand.builds.all().length === 0) await pause(5); // oxlint-disable-line no-await-in-loop
  const { id } = demand.builds.all()[0] ?? assert.fail();
  const events = await open(`${url}/_cooper/builds/${id}`, { Accept: "text/event-stream" });
  assert.equal(events.headers["content-type"], "text/event-stream; charset=utf-8");
  let text = "";
  events.on("data", (chunk: Buffer) => (text += chunk.toString()));
  while (!/"bytes":[1-9]/.test(text)) await pause(20); // oxlint-disable-line no-await-in-loop
  const stopped = await visitorOf(t, url).ask("DELETE", `/_cooper/builds/${id}`);
  assert.equal(stopped.status, 202);
  const answer = await asked;
  assert.equal(answer.status, 424);
  assert.match(answer.body.toString(), /the build was stopped/);
  while (!text.includes("event: end")) await pause(20); // oxlint-disable-line no-await-in-loop
  assert.match(text, /event: status\ndata: \{[^\n]*"state":"running"/);
  assert.match(text, /event: end\ndata: \{[^\n]*"state":"stopped"/);
});

function as(address: string): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { "X-Forwarded-For": address } };
}

test("only who asked first may stop a build, where nobody says who they are", async (t) => {
  const { url, demand } = await serveDemand(t, {}, { proxies: ["127.0.0.1"] });
  const asked = visitorOf(t, url).ask("GET", "/v2/random/x/manifests/9x900M", as("192.0.2.1"));
  while (demand.builds.all().length === 0) await pause(5); // oxlint-disable-line no-await-in-loop
  const path = `/_cooper/builds/${demand.builds.all()[0]?.id}`;
  assert.equal((await visitorOf(t, url).ask("DELETE", path, as("192.0.2.2"))).status, 403);
  assert.equal((await visitorOf(t, url).ask("DELETE", path, as("192.0.2.1"))).status, 202);
  assert.equal((await asked).status, 424);
});

async function open(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) =>
    get(url, { agent: false, headers }, resolve).on("error", reject),
  );
}

/** A browser without scripts, as the page needs none. */
async function openPage(t: TestContext, serving: Serving): Promise<Page | undefined> {
  const executablePath = requireProgram(t, "chromium");
  if (executablePath === undefined) return undefined;
  const browser: Browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  t.after(async () => await browser.close());
  const context = await browser.newContext({ javaScriptEnabled: false, colorScheme: "dark" });
  const page = await context.newPage();
  await page.goto(serving.url);
  return page;
}

test("in Chromium the page is styled, readable on a phone and in the dark, and leads to the builds", async (t) => {
  const serving = await serveDemand(t);
  await pull(`${serving.host}/random/x:2x100k`);
  const complaints: string[] = [];
  const page = await openPage(t, serving);
  if (page === undefined) return;
  page.on("console", (message) => complaints.push(message.text()));
  await page.reload();
  assert.deepEqual(complaints, [], "the policy blocks nothing that the page has");
  assert.equal(await page.title(), `Cooper at ${serving.host}`);
  await page.getByRole("heading", { level: 1, name: "This registry makes the image you pull" }).waitFor();
  await page.getByText(`docker pull ${serving.host}/apt/curl/jq`, { exact: true }).waitFor();
  const row = page.getByRole("row", { name: /random\/x:2x100k/ });
  assert.match(await row.innerText(), /201 kB|20\d kB/);
  const wide = await page.screenshot({ fullPage: true });
  assert.ok(wide.byteLength > 20_000);
  await page.setViewportSize({ width: 360, height: 700 });
  const [width, most] = [await scrollWidth(page), 360];
  assert.ok(width <= most, `the page is ${width} wide on a screen of ${most}`);
  await page.getByRole("link", { name: "/_cooper/builds" }).click();
  await page.getByRole("link", { name: "random/x:2x100k" }).click();
  await page.getByRole("heading", { level: 1, name: /random\/x:2x100k/ }).waitFor();
  assert.match(await page.getByText("finds out what").innerText(), /layer/);
});

/** How wide the content is; asked of the browser, since the page may run no script. */
async function scrollWidth(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const { cssContentSize } = await session.send("Page.getLayoutMetrics");
  return cssContentSize.width;
}
