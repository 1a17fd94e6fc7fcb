/** Indexes made at random, full of alternatives, providers and conflicts: the same ones for the same seed. */
export interface RandomIndex {
  readonly text: string;
  readonly requests: readonly (readonly string[])[];
}

const NAMES = Array.from("abcdefghijklmnop").map((letter) => `p${letter}`);
const VIRTUAL = ["v1", "v2", "v3"];
const PRIORITIES = ["optional", "optional", "optional", "extra", "standard", "important", "required"];

/** Numbers and choices that are the same ones for the same seed. */
export function makeRandom(seed: number): {
  /** From 0 to below `limit`. */
  readonly number: (limit: number) => number;
  readonly oneOf: (list: readonly string[]) => string;
} {
  let state = seed;
  const number = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return { number, oneOf: (list) => list[number(list.length)] ?? "" };
}

export function randomIndex(seed: number): RandomIndex {
  const { number: random, oneOf } = makeRandom(seed);
  const dependency = (): string => {
    const name = random(5) === 0 ? oneOf(VIRTUAL) : oneOf(NAMES);
    const forms = [
      `${name} (>= ${1 + random(2)})`,
      `${name} (= ${1 + random(2)})`,
      `${name}:any`,
      `${name} (<< 2)`,
    ];
    return forms[random(10)] ?? name;
  };
  const group = (): string => {
    const length = random(3) === 0 ? 2 + random(2) : 1;
    return Array.from({ length }, dependency).join(" | ");
  };
  const field = (name: string, most: number, make: () => string): string => {
    const count = random(most + 1);
    return count === 0 ? "" : `${name}: ${Array.from({ length: count }, make).join(", ")}\n`;
  };
  const paragraph = (name: string, version: string): string => {
    const digits = Buffer.from(name + version).toString("hex");
    let text = `Package: ${name}\nVersion: ${version}\nArchitecture: ${oneOf(["amd64", "all"])}\n`;
    if (random(6) > 0) text += `Priority: ${oneOf(PRIORITIES)}\n`;
    const multiArch = ["foreign", "allowed", "same"][random(8)];
    if (multiArch !== undefined) text += `Multi-Arch: ${multiArch}\n`;
    if (random(15) === 0) text += "Essential: yes\n";
    if (random(8) === 0) text += `Source: s${random(4)} (${1 + random(2)})\n`;
    text += field("Pre-Depends", random(5) === 0 ? 1 : 0, group);
    text += field("Depends", 3, group);
    text += field("Conflicts", random(4) === 0 ? 2 : 0, dependency);
    text += field("Breaks", random(5) === 0 ? 1 : 0, dependency);
    text += field("Recommends", random(3) === 0 ? 1 : 0, group);
    text += field("Suggests", random(4) === 0 ? 1 : 0, dependency);
    const asVersion = random(2) === 0 ? ` (= ${1 + random(2)})` : "";
    if (random(4) === 0) text += `Provides: ${oneOf(VIRTUAL)}${asVersion}, ${oneOf(VIRTUAL)}\n`;
    else if (random(12) === 0) text += `Provides: ${oneOf(NAMES)}${asVersion}\n`;
    return `${text}Filename: ./${name}_${version}.deb\nSize: 1\nSHA256: ${digits.padEnd(64, "0")}\nDescription: x\n\n`;
  };
  const text = NAMES.flatMap((name) => {
    const versions = random(6) === 0 ? ["1", "2"] : [`${1 + random(2)}`];
    return versions.map((version) => paragraph(name, version));
  }).join("");
  const requests = Array.from({ length: 12 }, () => [
    ...new Set(Array.from({ length: 1 + random(3) }, () => oneOf(NAMES))),
  ]);
  return { text, requests };
}
