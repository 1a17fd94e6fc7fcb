import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { answer } from "../http/answer.ts";
import type { Headers } from "../http/answer.ts";
import { html, Html } from "./html.ts";
import { STYLE } from "./style.ts";

export interface PageOptions {
  readonly title: string;
  readonly header: Html;
  readonly main: Html;
  /** Seconds after which a browser looks again. */
  readonly refresh?: number | undefined;
}

const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** Nothing but the page's own style: no script, no image, no frame around it. */
const HEADERS: Headers = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

export function answerPage(response: ServerResponse, { title, header, main, refresh }: PageOptions): void {
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refresh === undefined ? undefined : html`<meta http-equiv="refresh" content="${refresh}" />`}
        <title>${title}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <header>${header}</header>
        <main>${main}</main>
        <footer>Served by Cooper. The same as JSON: <a href="/_cooper/builds">/_cooper/builds</a></footer>
      </body>
    </html> `;
  answer(response, 200, HEADERS, text);
}
