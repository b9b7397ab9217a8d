/** uPlot ignores an x axis that is shorter than a tenth of this. */
const LEAST = 1e-15
/** uPlot takes values that are nearer to each other for one value. */
const LEAST_VALUE = 1e-24
/** Of the larger end. Doubles have 16 digits: an axis with marks 17 digits apart would never reach its end. */
const LEAST_PART = 1e-11

/** Next to nothing is nothing: the range that uPlot makes of much smaller values is NaN. */
export const flat = (value: number): number => (Math.abs(value) < LEAST_VALUE ? 0 : value)

/** The ends of the x axis, of numbers or milliseconds: those of the points, far enough apart to stand marks between them. */
export function rangeOf(low: number | null, high: number | null): [number | null, number | null] {
  if (low === null || high === null) return [null, null]
  const least = Math.max(Math.max(Math.abs(low), Math.abs(high)) * LEAST_PART, LEAST)
  return high - low >= least ? [low, high] : [low - least / 2, high + least / 2]
}
