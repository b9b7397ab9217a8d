import type { Member, Timeline, User } from '../../client'

/** Further back nobody looks for a mark. */
const REACH = 200

/**
 * Who has read how far: the key of the last message of somebody else that each has read, with the people who stand
 * there. That authors know their own words is no news.
 */
export function marksOf(
  timeline: Pick<Timeline, 'at' | 'indexOfSeq'>,
  members: readonly Member[],
  me: string,
): Map<string, User[]> {
  const marks = new Map<string, User[]>()
  for (const { user, read_seq } of members) {
    if (user.id === me || read_seq === 0) continue
    const last = timeline.indexOfSeq(read_seq + 1) - 1
    for (let i = last; i >= Math.max(0, last - REACH); i--) {
      const item = timeline.at(i)
      // Past the log come one's own on their way, which nobody has read.
      if (!item?.message || item.author.id === user.id) continue
      const there = marks.get(item.key)
      if (there) there.push(user)
      else marks.set(item.key, [user])
      break
    }
  }
  return marks
}
