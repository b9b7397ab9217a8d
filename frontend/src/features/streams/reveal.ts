/** Pieces come every 40 ms or so; what is shown never trails what is here by more than the longest of these. */
const SHORTEST_MS = 24
const LONGEST_MS = 120
/** More than this at once is no writing but a catching up: it is shown at once. */
const LEAP = 400

/**
 * Spreads pieces over the time until the next one is due, so that text grows evenly although it comes in lumps.
 * Knows no clock and no page: it is told the time.
 */
export class Reveal {
  /** How much is shown, in UTF-16 units. */
  shown: number
  #end: number
  #from: number
  #since = 0
  #span = 0
  #lastPiece = -Infinity

  constructor(end: number) {
    this.shown = this.#end = this.#from = end
  }

  /** There is text up to `end` now. */
  reached(end: number, now: number): void {
    if (end === this.#end) return
    if (end < this.#end || end - this.shown > LEAP) this.shown = end
    const interval = now - this.#lastPiece
    this.#lastPiece = now
    this.#end = end
    this.#from = this.shown
    this.#since = now
    this.#span = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, interval))
  }

  /** How much to show at `now`. */
  at(now: number): number {
    const part = this.#span === 0 ? 1 : (now - this.#since) / this.#span
    this.shown =
      part >= 1 ? this.#end : Math.max(this.shown, Math.floor(this.#from + (this.#end - this.#from) * part))
    return this.shown
  }

  get done(): boolean {
    return this.shown === this.#end
  }
}

/** The text up to `length`, never ending within a surrogate pair. */
export function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1)
  const split = length < text.length && last >= 0xd800 && last <= 0xdbff
  return text.slice(0, split ? length - 1 : length)
}
