import type { ServerResponse } from "node:http";
import { formatReference, referenceOfPath } from "@cooper/oci";
import type { Build } from "../demand/builds.ts";
import type { Maker } from "../demand/maker.ts";
import { setUpSection } from "./set-up.ts";
import { buildsTable } from "./builds-page.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { answerPage } from "./page.ts";
import { durationText, sizeText } from "./units.ts";

/** An image that was made, as the page shows it. */
export interface Shown {
  readonly repository: string;
  readonly tag: string;
  /** Bytes of all its blobs. */
  readonly size: number;
  /** How long making it took. */
  readonly seconds: number;
  /** Seconds since 1970. */
  readonly made: number;
}

export interface Home {
  /** How clients reach this registry: `registry.example.org`, `127.0.0.1:5000`. */
  readonly host: string;
  readonly scheme: "http" | "https";
  readonly makers: readonly Maker[];
  /** What was made last, the newest first; undefined for who may not know. */
  readonly made: readonly Shown[] | undefined;
  /** Builds that go on or wait; undefined for who may not know. */
  readonly builds: readonly Build[] | undefined;
}

/** What this registry is, for somebody who opens its address in a browser. */
export function answerHome(response: ServerResponse, home: Home): void {
  const { host, makers, made, builds } = home;
  answerPage(response, {
    title: `Cooper at ${host}`,
    header: html`
      <h1>This registry makes the image you pull</h1>
      <p class="lead">
        Name what you want, and it is put together while you wait, once, and kept for the next one. It is an
        ordinary registry too: push to any other name.
      </p>
    `,
    main: html`
      <h2 id="try">Names to try</h2>
      <ul class="makers">
        ${makers.map((maker) => makerItem(maker, host))}
      </ul>
      ${spelling()} ${builds === undefined || builds.length === 0 ? undefined : underWay(builds)}
      ${made === undefined ? undefined : madeLately(made)} ${setUpSection(home)}
    `,
  });
}

function makerItem({ title, examples }: Maker, host: string): Html {
  return html`<li>
    <h3>${title}</h3>
    ${examples.map(
      ({ repository, tag }) =>
        html`<pre><code>docker pull ${host}/${repository}${tag === "latest" ? "" : `:${tag}`}</code></pre>`,
    )}
  </li>`;
}

const SPELLINGS = [
  { repository: "apt/g__p__p", tag: "bookworm" },
  { repository: "apt/curl__e7.88.1-10__pdeb12u8", tag: "latest" },
  { repository: "npm/0__atypes/node", tag: "latest" },
  { repository: "flatten/registry.example.org__c5000/app", tag: "1" },
];

function spelling(): Html {
  return html`
    <h2 id="spelling">What a name cannot hold</h2>
    <p>
      A repository's name has small letters, digits and few signs. For the rest stand <code>__e</code> (=),
      <code>__p</code> (+), <code>__t</code> (~), <code>__c</code> (:), <code>__a</code> (@),
      <code>__ux</code> (X) and <code>__xHH</code> (any other character); at the beginning, a
      <code>0</code> comes before. Names compose: <code>zstd/flatten/apt/curl</code>.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Name here</th>
            <th scope="col">What it means</th>
          </tr>
        </thead>
        <tbody>
          ${SPELLINGS.map(
            (path) =>
              html`<tr>
                <td><code>${path.repository}:${path.tag}</code></td>
                <td><code>${formatReference(referenceOfPath(path))}</code></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function underWay(builds: readonly Build[]): Html {
  return html`<h2 id="builds">Being made now</h2>
    ${buildsTable(builds)}`;
}

function madeLately(made: readonly Shown[]): Html {
  if (made.length === 0) {
    return html`<h2 id="made">Made lately</h2>
      <p class="soft">Nothing yet: pull something.</p>`;
  }
  return html`
    <h2 id="made">Made lately</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Image</th>
            <th scope="col" class="number">Size</th>
            <th scope="col" class="number">Took</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          ${made.map((image) => madeRow(image))}
        </tbody>
      </table>
    </div>
  `;
}

function madeRow({ repository, tag, size, seconds, made }: Shown): Html {
  const when = new Date(made * 1000).toISOString();
  return html`<tr>
    <td><code>${repository}:${tag}</code></td>
    <td class="number">${sizeText(size)}</td>
    <td class="number">${durationText(seconds)}</td>
    <td><time datetime="${when}">${when.slice(0, 16).replace("T", " ")} UTC</time></td>
  </tr>`;
}
