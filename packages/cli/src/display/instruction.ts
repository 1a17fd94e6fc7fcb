/**
 * A step of a history as it stands in a Dockerfile: without the shell that Docker wraps around it,
 * the mark of steps that make no layer, and the build arguments in front.
 */
export function instruction(createdBy: string): string {
  const text = createdBy
    .replace(/^\/bin\/sh -c #\(nop\)\s+/, "")
    .replace(/^RUN \|\d+ (?:\S+=\S*\s+)*\/bin\/sh -c /, "RUN ")
    .replace(/^\|\d+ (?:\S+=\S*\s+)*\/bin\/sh -c /, "RUN ")
    .replace(/^RUN \/bin\/sh -c /, "RUN ")
    .replace(/^\/bin\/sh -c /, "RUN ")
    .replace(/ # buildkit$/, "");
  return text.replaceAll(/[\t\n ]+/g, " ").trim();
}
