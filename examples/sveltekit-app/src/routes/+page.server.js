export function load() {
  return { casks: 3 };
}
