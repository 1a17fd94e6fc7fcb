/** Rows in columns, two spaces apart, the last column ragged; `right` names the columns of numbers. */
export function table(
  rows: readonly (readonly string[])[],
  options: { readonly right?: readonly number[]; readonly indent?: string } = {},
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const right = new Set(options.right);
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        if (right.has(column)) return cell.padStart(width);
        return column === row.length - 1 ? cell : cell.padEnd(width);
      });
      return `${options.indent ?? ""}${cells.join("  ")}`.trimEnd();
    })
    .join("\n");
}
