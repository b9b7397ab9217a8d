import type { TimelineItem } from '../../client'

/** How long an author's messages stay one group. */
const TOGETHER_MS = 5 * 60_000

export interface MessageRow {
  readonly key: string
  readonly item: TimelineItem
  /** The first of its author's group: it shows the name and the time. */
  readonly first: boolean
  /** The day it begins, when it is the first of a day. */
  readonly day: Date | null
  /** Whether the line "new messages" stands before it. */
  readonly fresh: boolean
}

/**
 * What stands in the window, as rows. `before` is the item above the window, or that there is none; undefined while
 * it is not loaded: then nobody knows yet whether a day begins. `freshAfter` is the read marker: the line stands
 * before the first message of somebody else after it.
 */
export function rowsOf(
  items: readonly TimelineItem[],
  before: TimelineItem | 'beginning' | undefined,
  freshAfter: number,
  me: string,
): MessageRow[] {
  let previous = before === 'beginning' ? undefined : before
  let marked = previous?.message ? isFresh(previous, freshAfter, me) : false
  return items.map((item) => {
    const fresh = !marked && isFresh(item, freshAfter, me)
    marked ||= fresh
    const newDay = previous ? dayOf(previous) !== dayOf(item) : before === 'beginning'
    const row = {
      key: item.key,
      item,
      first: newDay || fresh || !together(previous, item),
      day: newDay ? new Date(item.created_at) : null,
      fresh,
    }
    previous = item
    return row
  })
}

function isFresh(item: TimelineItem, after: number, me: string): boolean {
  return item.message !== null && item.message.seq > after && item.author.id !== me
}

function together(above: TimelineItem | undefined, item: TimelineItem): boolean {
  if (!above || above.author.id !== item.author.id) return false
  // A live text stands by itself. After the quiet line of a deleted message the name is told again.
  if (above.kind === 'stream' || item.kind === 'stream' || above.message?.deleted) return false
  return Date.parse(item.created_at) - Date.parse(above.created_at) < TOGETHER_MS
}

const dayOf = (item: TimelineItem) => new Date(item.created_at).toDateString()
