import type { ServerResponse } from "node:http";
import type { Build, BuildStatus } from "../demand/builds.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { answerPage } from "./page.ts";
import { durationText, sizeText } from "./units.ts";

/** Seconds after which a page about what goes on is looked at again. */
const REFRESH = 2;

/** A table of builds, each with a link to its own page. */
export function buildsTable(builds: readonly Build[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Image</th>
          <th scope="col">State</th>
          <th scope="col" class="number">Written</th>
          <th scope="col" class="number">Time</th>
          <th scope="col" class="number">Waiting</th>
        </tr>
      </thead>
      <tbody>
        ${builds.map((build) => buildRow(build.status()))}
      </tbody>
    </table>
  </div>`;
}

export function answerBuildsPage(response: ServerResponse, builds: readonly Build[]): void {
  answerPage(response, {
    title: "Builds",
    header: html`<h1><a href="/">Cooper</a>: builds</h1>`,
    main:
      builds.length === 0 ? html`<p class="soft">Nothing was made since the start.</p>` : buildsTable(builds),
    refresh: builds.some(({ hasEnded }) => !hasEnded) ? REFRESH : undefined,
  });
}

export function answerBuildPage(response: ServerResponse, build: Build): void {
  const status = build.status();
  const { id, name, reference, error, digest, bytes, seconds, waiting } = status;
  answerPage(response, {
    title: `${status.state}: ${name}`,
    header: html`<h1><a href="/">Cooper</a>: <code>${name}</code></h1>
      <p class="lead">${stateText(status)} after ${durationText(seconds)}, ${sizeText(bytes)} written</p>`,
    main: html`
      ${error === undefined ? undefined : html`<p class="bad" role="alert">${error}</p>`}
      ${digest === undefined ? undefined : html`<p>It is <code>${digest}</code>.</p>`}
      <p class="soft">
        ${reference} &middot; ${waiting} waiting &middot; <a href="/_cooper/builds/${id}/log">log as text</a>
      </p>
      <h2>Log</h2>
      <pre tabindex="0"><code>${logText(build)}</code></pre>
    `,
    refresh: build.hasEnded ? undefined : REFRESH,
  });
}

/** Its log: seconds and what happened, a line each. */
export function logText(build: Build): string {
  return build.log.map(({ at, text }) => `${at.toFixed(1).padStart(7)}  ${text}\n`).join("");
}

function buildRow(status: BuildStatus): Html {
  const { id, name, bytes, seconds, waiting } = status;
  return html`<tr>
    <td>
      <a href="/_cooper/builds/${id}"><code>${name}</code></a>
    </td>
    <td>${stateText(status)}</td>
    <td class="number">${sizeText(bytes)}</td>
    <td class="number">${durationText(seconds)}</td>
    <td class="number">${waiting}</td>
  </tr>`;
}

function stateText({ state }: BuildStatus): Html {
  const kind = state === "done" ? "good" : state === "failed" || state === "stopped" ? "bad" : "soft";
  return html`<span class="state ${kind}">${state}</span>`;
}
