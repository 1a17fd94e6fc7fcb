import { SaxesParser } from "saxes";
import { BuildError } from "../../errors.ts";

/** An element of XML: its name without a prefix, its own text, and what is in it. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
}

interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

/** The root element of a file's text. Entities of a DOCTYPE are not there. `SOURCE_INVALID`, with the line */
export function parseXml(text: string, path: string): XmlElement {
  const document: Open = { name: "", attributes: {}, children: [], text: "" };
  const stack: Open[] = [document];
  const parser = new SaxesParser({ fileName: path, xmlns: false } as const);
  const top = (): Open => stack.at(-1) ?? document;
  parser.on("opentag", ({ name, attributes }) => {
    stack.push({ name: name.replace(/^.*:/, ""), attributes, children: [], text: "" });
  });
  parser.on("closetag", () => {
    const element = stack.pop();
    if (element !== undefined) top().children.push({ ...element, text: element.text.trim() });
  });
  const add = (more: string): void => {
    top().text += more;
  };
  parser.on("text", add);
  parser.on("cdata", add);
  parser.on("error", (cause) => {
    throw new BuildError("SOURCE_INVALID", `${path} is not XML: ${cause.message}`, {
      cause,
      fields: { path },
    });
  });
  parser.write(text.replace(/^\uFEFF/, "")).close();
  const [root] = document.children;
  if (root === undefined) throw new BuildError("SOURCE_INVALID", `${path} is not XML: it has no element`);
  return root;
}

/** The first element that this way of names leads to. */
export function xmlAt(element: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  return names.reduce((at, name) => at?.children.find((child) => child.name === name), element);
}

/** Every element that this way leads to; the last name may stand several times. */
export function xmlAll(element: XmlElement | undefined, ...names: readonly string[]): readonly XmlElement[] {
  const parent = xmlAt(element, ...names.slice(0, -1));
  return parent?.children.filter((child) => child.name === names.at(-1)) ?? [];
}

/** Every element of this name in it, at any depth. */
export function xmlWithin(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...xmlWithin(child, name),
  ]);
}
