type Sliceable = string | readonly unknown[]

/** What a piece is made of: the same rules hold for UTF-16 units and for items. */
interface Piece<T extends Sliceable> {
  readonly offset: number
  readonly content: T
}

const HELD_AT_MOST = 200

/**
 * Puts the content of one stream together from pieces that may come twice, early or overlapping. It does no I/O.
 * What it grows is its owner's: `onto` takes what comes next.
 */
export class StreamAssembly<T extends Sliceable> {
  #end = 0
  /** How far the stream is known to go. */
  #target = 0
  #held: Piece<T>[] = []
  readonly #onto: (next: T) => void

  constructor(onto: (next: T) => void) {
    this.#onto = onto
  }

  /** How much is here without a hole. */
  get end(): number {
    return this.#end
  }

  get missing(): boolean {
    return this.#target > this.#end
  }

  /** The stream is known to reach this offset. */
  reaches(offset: number): void {
    this.#target = Math.max(this.#target, offset)
  }

  /** Live, or the answer of a view. Returns whether content came on. */
  take(offset: number, content: T): boolean {
    this.reaches(offset + content.length)
    if (offset > this.#end) {
      if (this.#held.length < HELD_AT_MOST) this.#held.push({ offset, content })
      return false
    }
    const before = this.#end
    this.#join({ offset, content })
    this.#held.sort((a, b) => a.offset - b.offset)
    while (this.#held[0] !== undefined && this.#held[0].offset <= this.#end) {
      const piece = this.#held.shift()
      if (piece !== undefined) this.#join(piece)
    }
    return this.#end > before
  }

  #join({ offset, content }: Piece<T>): void {
    const known = this.#end - offset
    if (known >= content.length) return
    this.#onto(content.slice(known) as T)
    this.#end = offset + content.length
  }
}
