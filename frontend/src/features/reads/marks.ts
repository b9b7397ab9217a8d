import type { Member, Timeline, User } from '../../client'

/** Who has read how far: the key of the last item that each has read, with the people who stand there. */
export function marksOf(timeline: Timeline, members: readonly Member[], me: string): Map<string, User[]> {
  const marks = new Map<string, User[]>()
  for (const { user, read_seq } of members) {
    if (user.id === me || read_seq === 0) continue
    const after = timeline.indexOfSeq(read_seq + 1)
    let item = timeline.at(after - 1)
    // Past the log come one's own on their way, which nobody has read.
    for (let i = after - 2; item && !item.message; i--) item = timeline.at(i)
    // That authors have read their own is no news.
    if (!item || item.author.id === user.id) continue
    const there = marks.get(item.key)
    if (there) there.push(user)
    else marks.set(item.key, [user])
  }
  return marks
}
