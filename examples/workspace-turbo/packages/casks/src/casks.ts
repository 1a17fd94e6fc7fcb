export function countCasks(woods: readonly string[]): number {
  return woods.length;
}
