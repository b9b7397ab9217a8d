/** CPU time, for tests that compare what an input and a longer one cost. */

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
 * Whether the CPU time of the whole is at most `limit` times that of the part, by the least of some runs of each, taken in turn.
 * Of a whole twice as long as its part, linear work costs about 2 times as much and square work 4; of one four times as long, 4
 * and 16. Times that are too short to compare pass.
 */
export function growsWithin(limit: number, part: () => void, whole: () => void): boolean {
  let [little, much] = [Infinity, Infinity]
  for (let run = 0; run < MOST_RUNS; run++) {
    little = Math.min(little, cpuSeconds(part))
    much = Math.min(much, cpuSeconds(whole))
    if (run > 0 && (much < FLOOR_S || much <= limit * little)) return true
  }
  return false
}
