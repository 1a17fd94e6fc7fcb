/** Of `names`, the one that `text` was probably meant to be: a third of its letters may be wrong. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.floor(Math.min(text.length, 40) / 3) + 1;
  for (const name of names) {
    const distance = editDistance(text.toLowerCase(), name.toLowerCase(), least);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** How many letters must be put in, left out or changed (Levenshtein); `most` stands for more. */
function editDistance(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) >= most) return most;
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const [kept = 0, left = 0, above = 0] = [row[column], next[column], row[column + 1]];
      next.push(Math.min(kept + (letter === other ? 0 : 1), left + 1, above + 1));
    }
    row = next;
  }
  return row.at(-1) ?? most;
}
