/** So near the end counts as there. */
const NEAR_PX = 32

/**
 * Where somebody reads in a list that grows at both ends. At the bottom one stays at the bottom; anywhere else the
 * first row in view stays where it is on the screen, whatever comes or goes above it.
 */
export class Reader {
  atBottom = $state(true)
  #scroller: HTMLElement | null = null
  #rows: HTMLElement | null = null
  #anchor: { row: Element; top: number } | null = null
  #lastTop = 0
  /** How far down one could scroll when this was last looked at. */
  #lastEnd = 0

  /** Watches a scrolling element and the element of its rows. Returns what ends it. */
  watch(scroller: HTMLElement, rows: HTMLElement): () => void {
    this.#scroller = scroller
    this.#rows = rows
    // Sizes change for many reasons (fonts, live text, the keyboard of a phone); all are answered before the next paint.
    const sizes = new ResizeObserver(() => this.restore())
    sizes.observe(scroller)
    sizes.observe(rows)
    return () => sizes.disconnect()
  }

  /** After the reader scrolled. */
  scrolled(): void {
    const scroller = this.#scroller
    if (!scroller) return
    // Text that has just grown is no reason to think that somebody went up, nor is a list that was shorter for a moment
    // and has pulled its reader up with it: only going up is, in a list that is as long as it was.
    const wentUp = scroller.scrollTop < this.#lastTop - 1 && this.#end === this.#lastEnd
    if (this.distance <= NEAR_PX) this.atBottom = true
    else if (wentUp) this.atBottom = false
    this.#look()
  }

  restore(): void {
    const scroller = this.#scroller
    if (!scroller) return
    if (this.atBottom) scroller.scrollTop = scroller.scrollHeight
    else if (this.#anchor?.row.isConnected) {
      const moved =
        this.#anchor.row.getBoundingClientRect().top - scroller.getBoundingClientRect().top - this.#anchor.top
      if (Math.abs(moved) >= 0.5) scroller.scrollTop += moved
    }
    this.#look()
  }

  toBottom(smooth: boolean): void {
    const scroller = this.#scroller
    if (!scroller) return
    // From now on, not from the arrival: what comes on the way is followed too.
    this.atBottom = true
    if (smooth) scroller.scrollTo({ top: scroller.scrollHeight, behavior: 'smooth' })
    else this.restore()
  }

  /** Brings a row to the upper third. */
  toRow(row: Element): void {
    const scroller = this.#scroller
    if (!scroller) return
    const offset = row.getBoundingClientRect().top - scroller.getBoundingClientRect().top
    scroller.scrollTop += offset - scroller.clientHeight / 4
    this.atBottom = this.distance <= NEAR_PX
    this.#look()
  }

  /** How much there is above and below what is seen, in pixels. */
  get above(): number {
    return this.#scroller?.scrollTop ?? 0
  }

  get distance(): number {
    return this.#end - this.above
  }

  get #end(): number {
    const scroller = this.#scroller
    return scroller ? scroller.scrollHeight - scroller.clientHeight : 0
  }

  #look(): void {
    this.#lastTop = this.above
    this.#lastEnd = this.#end
    const rows = this.#rows?.children
    if (!rows || !this.#scroller) return
    const edge = this.#scroller.getBoundingClientRect().top
    let low = 0
    let high = rows.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > edge) high = middle
      else low = middle + 1
    }
    const row = rows[low]
    this.#anchor = row ? { row, top: row.getBoundingClientRect().top - edge } : null
  }
}
