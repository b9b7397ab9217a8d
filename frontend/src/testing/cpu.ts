/** CPU time, for tests that compare what an input and a longer one cost. */

declare const process: {
  cpuUsage(before?: { user: number; system: number }): { user: number; system: number }
}

/** A ratio of times below this many seconds says nothing. */
const FLOOR_S = 0.004
const LIMIT = 11
/** A busy machine and the garbage collector only ever add to a time: the least of many is the best estimate. */
const MOST_RUNS = 16

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/**
 * Whether four times the length costs far less than sixteen times as much CPU time, by the least of some runs of each, taken in
 * turn: linear work costs about four times as much, work that grows with the square sixteen. Times that are too short to
 * compare pass.
 */
export function growsSlowly(part: () => void, whole: () => void): boolean {
  let [once, fourfold] = [Infinity, Infinity]
  for (let run = 0; run < MOST_RUNS; run++) {
    once = Math.min(once, cpuSeconds(part))
    fourfold = Math.min(fourfold, cpuSeconds(whole))
    if (run > 0 && (fourfold < FLOOR_S || fourfold <= LIMIT * once)) return true
  }
  return false
}
