import type { Timeline } from '../../client'

/** More than this is told as so many. */
const COUNTED = 999

/** The seq of the newest message that the log has; 0 in an empty room. */
export function newestSeq(timeline: Timeline): number {
  for (let i = timeline.length - 1; i >= 0; i--) {
    const seq = timeline.at(i)?.message?.seq
    if (seq !== undefined) return seq
  }
  return 0
}

/** How many messages of others came after `seq`. */
export function othersSince(timeline: Timeline, seq: number, me: string): number {
  let n = 0
  for (let i = timeline.length - 1; i >= 0 && n < COUNTED; i--) {
    const item = timeline.at(i)
    if (!item?.message) continue
    if (item.message.seq <= seq) break
    if (item.author.id !== me) n++
  }
  return n
}
