/** Lines differ in more than their colour, for whoever sees few colours. */
const DASHES: readonly number[][] = [[], [7, 3], [2, 3], [9, 3, 2, 3], [4, 4], [2, 6]]

export function dashOf(line: number): number[] {
  return DASHES[line % DASHES.length] ?? []
}
