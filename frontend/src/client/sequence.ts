export interface Numbered {
  readonly seq: number
}

/** More early events than this are not held: they are asked for again with the rest of the gap. */
const HELD_AT_MOST = 1000

/**
 * The order of one room's log. Takes events as they arrive (early, late, twice, never) and pages of catching up,
 * and gives out what is to be applied now, in order, each once. It does no I/O and knows no clock.
 */
export class Sequence<E extends Numbered> {
  #position: number | null = null
  #newest = 0
  readonly #early = new Map<number, E>()

  /** The last applied number; null until a snapshot was loaded. */
  get position(): number | null {
    return this.#position
  }

  /** The newest number that is known to exist. */
  get newest(): number {
    return Math.max(this.#newest, this.#position ?? 0)
  }

  /** How many changes are known of and not applied. */
  get behind(): number {
    return this.#position === null ? 0 : this.newest - this.#position
  }

  /** An event as it came in. */
  receive(event: E): E[] {
    this.notice(event.seq)
    if (this.#position !== null && event.seq <= this.#position) return []
    if (event.seq === this.#next() || this.#early.size < HELD_AT_MOST) this.#early.set(event.seq, event)
    return this.#release()
  }

  /** Something else told that this number exists: an ack, a read marker. */
  notice(seq: number): void {
    this.#newest = Math.max(this.#newest, seq)
  }

  /**
   * One page of changes, asked for after a position that this sequence has reached. Its items leave numbers out: a
   * change that a later one has replaced is not told. So an item moves the position to its own number, and the
   * last page moves it to the room's.
   */
  replay(items: readonly E[], roomSeq: number, more: boolean): E[] {
    if (this.#position === null) return []
    this.notice(roomSeq)
    const due: E[] = []
    for (const item of items) {
      if (item.seq <= this.#position) continue
      due.push(item)
      this.#position = item.seq
    }
    if (!more) this.#position = Math.max(this.#position, roomSeq)
    due.push(...this.#release())
    return due
  }

  /** A snapshot was loaded that holds everything up to `position`. */
  restart(position: number): E[] {
    this.#position = position
    this.notice(position)
    return this.#release()
  }

  /** Positions mean nothing any more; events are held until `restart`. */
  forget(): void {
    this.#position = null
    this.#newest = 0
    this.#early.clear()
  }

  #next(): number | null {
    return this.#position === null ? null : this.#position + 1
  }

  #release(): E[] {
    if (this.#position === null) return []
    const due: E[] = []
    for (;;) {
      const event = this.#early.get(this.#position + 1)
      if (event === undefined) break
      this.#early.delete(event.seq)
      this.#position = event.seq
      due.push(event)
    }
    // What a snapshot or a page has overtaken.
    for (const seq of this.#early.keys()) if (seq <= this.#position) this.#early.delete(seq)
    return due
  }
}
