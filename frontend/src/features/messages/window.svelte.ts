import type { Timeline, TimelineItem } from '../../client'

/** How many rows are mounted at first, added at an edge, and kept at most. */
const FIRST = 80
const STEP = 30
const MOST = 240

/** The part of a timeline that is in the page. What is outside costs nothing, however long the room is. */
export class TimelineWindow {
  items = $state.raw<readonly TimelineItem[]>([])
  /** The item above the window: a group may go on from it. */
  above = $state.raw<TimelineItem | undefined>(undefined)
  /** Whether the newest item is in the window. */
  whole = $state(true)
  #start = 0

  constructor(readonly timeline: Timeline) {}

  /** After a change: the same first item where it still is, the newest as long as it was there. */
  refresh(atBottom: boolean): void {
    const { length } = this.timeline
    const first = this.items[0]
    const start = first ? this.timeline.indexOfKey(first.key) : -1
    if (start < 0) this.#show(length - FIRST, length)
    else if (!this.whole) this.#show(start, start + this.items.length)
    else if (length - start <= MOST) this.#show(start, length)
    else if (atBottom) this.#show(length - FIRST, length)
    // Somebody reads further up: what they read stays, the newest are a jump away.
    else this.#show(start, start + MOST)
  }

  /** More above. False when all that is loaded is here already. */
  extendUp(): boolean {
    if (this.#start === 0) return false
    const start = Math.max(0, this.#start - STEP)
    this.#show(start, Math.min(this.#start + this.items.length, start + MOST))
    return true
  }

  extendDown(): boolean {
    if (this.whole) return false
    const end = Math.min(this.timeline.length, this.#start + this.items.length + STEP)
    this.#show(Math.max(this.#start, end - MOST), end)
    return true
  }

  toNewest(): void {
    this.#show(this.timeline.length - FIRST, this.timeline.length)
  }

  /** Around an item that may be outside of the window. */
  toIndex(index: number): void {
    const end = Math.min(this.timeline.length, index + FIRST)
    this.#show(Math.min(index - STEP, end - FIRST), end)
  }

  #show(from: number, to: number): void {
    const start = Math.max(0, from)
    const end = Math.min(to, this.timeline.length)
    this.#start = start
    this.whole = end === this.timeline.length
    this.above = this.timeline.at(start - 1)
    this.items = this.timeline.slice(start, end)
  }
}
