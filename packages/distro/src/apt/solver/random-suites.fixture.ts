import { IndexFile } from "../index/index-file.ts";
import { makeRandom } from "./random.fixture.ts";
import { NO_RELEASE } from "./universe.fixture.ts";
import { Universe } from "./universe.ts";

/** Two suites with versions of the same packages, preferences, and requests of `pkg/suite` and `pkg=version`. */
export interface RandomSuites {
  readonly universe: Universe;
  readonly preferences: string;
  /** For apt: by the name of the list, and the lines that name them. */
  readonly lists: Readonly<Record<string, string>>;
  readonly lines: readonly string[];
  readonly requests: readonly { readonly packages: readonly string[]; readonly target: string | undefined }[];
}

const NAMES = Array.from("abcdefghijkl").map((letter) => `p${letter}`);
const VIRTUAL = ["v1", "v2"];
const SUITES = ["stable", "backports"];
const FLAGS = ["", "NotAutomatic: yes\n", "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"];
const PATTERNS = [
  "release n=cbackports",
  "release a=stable",
  "version 3*",
  "release o=O1,v=2*",
  "release backports",
];

export function randomSuites(seed: number): RandomSuites {
  const { number, oneOf } = makeRandom(seed);
  const dependency = (): string => {
    const name = number(6) === 0 ? oneOf(VIRTUAL) : oneOf(NAMES);
    const forms = [
      `${name} (>= ${1 + number(4)})`,
      `${name} (>= ${1 + number(4)})`,
      `${name} (= ${1 + number(4)})`,
    ];
    return forms[number(5)] ?? name;
  };
  const group = (): string => (number(3) === 0 ? `${dependency()} | ${dependency()}` : dependency());
  const field = (name: string, most: number, make: () => string): string => {
    const count = number(most + 1);
    return count === 0 ? "" : `${name}: ${Array.from({ length: count }, make).join(", ")}\n`;
  };
  const paragraph = (name: string, oldest: number): string => {
    const version = String(oldest + number(2));
    let text = `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nPriority: ${oneOf(["optional", "extra"])}\n`;
    text += field("Depends", 2, group);
    text += field("Conflicts", number(7) === 0 ? 1 : 0, dependency);
    text += field("Recommends", number(4) === 0 ? 1 : 0, group);
    if (number(4) === 0)
      text += `Provides: ${oneOf(VIRTUAL)}${number(2) === 0 ? ` (= ${1 + number(4)})` : ""}\n`;
    const sum = Buffer.from(`${name}${version}${oldest}`).toString("hex").padEnd(64, "0");
    return `${text}Filename: ./${name}_${version}.deb\nSize: 1\nSHA256: ${sum}\nDescription: x\n\n`;
  };
  const flags = oneOf(FLAGS);
  const suites = SUITES.map((suite, at) => ({
    suite,
    text: NAMES.map((name) => (number(5) === 0 ? "" : paragraph(name, 1 + at * 2))).join(""),
    release: `Origin: O${at}\nSuite: ${suite}\nCodename: c${suite}\nVersion: ${at + 1}.2\n${at === 1 ? flags : ""}`,
  }));
  const pins = [
    `Package: ${oneOf(NAMES)} ${oneOf(["p[a-d]", "/^p[ef]/", "*"])}\nPin: ${oneOf(PATTERNS)}\nPin-Priority: ${oneOf(["990", "600", "50", "-1"])}\n`,
    `Package: ${oneOf([...NAMES, "*"])}\nPin: ${oneOf(PATTERNS)}\nPin-Priority: ${oneOf(["700", "-10", "10"])}\n`,
  ];
  const request = (): string => {
    const name = oneOf([...NAMES, ...NAMES, ...VIRTUAL]);
    return [`${name}/backports`, `${name}=${1 + number(4)}`, `${name}/cstable`][number(6)] ?? name;
  };
  return {
    universe: new Universe(
      suites.map(({ suite, text }, at) => ({
        index: IndexFile.parse(text),
        release: {
          ...NO_RELEASE,
          origin: `O${at}`,
          suite,
          codename: `c${suite}`,
          version: `${at + 1}.2`,
          component: "main",
          notAutomatic: at === 1 && flags.includes("NotAutomatic"),
          butAutomaticUpgrades: at === 1 && flags.includes("ButAutomaticUpgrades"),
        },
      })),
      "amd64",
    ),
    preferences: number(2) === 0 ? "" : pins.join("\n"),
    lists: Object.fromEntries(
      suites.flatMap(({ suite, text, release }, at) => [
        [`_archive${at}_dists_${suite}_main_binary-amd64_Packages`, text],
        [
          `_archive${at}_dists_${suite}_Release`,
          `${release}Date: Sat, 11 Jul 2026 10:16:37 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n`,
        ],
      ]),
    ),
    lines: SUITES.map((suite, at) => `deb [trusted=yes] file:/archive${at} ${suite} main`),
    requests: Array.from({ length: 12 }, () => ({
      packages: distinct(Array.from({ length: 1 + number(2) }, request)),
      target: number(4) === 0 ? "backports" : undefined,
    })),
  };
}

/** One wish for each name. */
function distinct(wishes: readonly string[]): readonly string[] {
  return [...new Map(wishes.map((wish) => [wish.replace(/[/=].*/, ""), wish])).values()];
}
