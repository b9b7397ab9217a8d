/** CPU time, for tests that compare what an input and one of twice its length cost. */

declare const process: {
  cpuUsage(before?: { user: number; system: number }): { user: number; system: number }
}

/** A ratio of times below this many seconds says nothing. */
const FLOOR_S = 0.004
/** A busy machine and the garbage collector only ever add to a time: the least of many is the best estimate. */
const MOST_RUNS = 16

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/**
 * Whether twice the length costs at most `limit` times as much CPU time (linear work: about 2), by the least of some runs of
 * each, taken in turn. Times that are too short to compare pass.
 */
export function doublesWithin(limit: number, half: () => void, whole: () => void): boolean {
  let [once, twice] = [Infinity, Infinity]
  for (let run = 0; run < MOST_RUNS; run++) {
    once = Math.min(once, cpuSeconds(half))
    twice = Math.min(twice, cpuSeconds(whole))
    if (run > 0 && (twice < FLOOR_S || twice <= limit * once)) return true
  }
  return false
}
