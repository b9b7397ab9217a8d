import type { Timeline } from '../../client'

/** So far back one looks: further up it would not be on the screen anyway. */
const REACH = 50

/** The id of my last text that the log has and that is still there. */
export function lastEditable(timeline: Timeline, me: string): string | null {
  const end = Math.max(0, timeline.length - REACH)
  for (let i = timeline.length - 1; i >= end; i--) {
    const item = timeline.at(i)
    if (item?.message && item.author.id === me && item.kind === 'text' && !item.message.deleted)
      return item.message.id
  }
  return null
}
