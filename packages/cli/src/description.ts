/** Whether what is to be built is a file that describes an image of packages, and not a directory of source. */
export function isDescription(path: string): boolean {
  return /\.ya?ml$/iu.test(path);
}
