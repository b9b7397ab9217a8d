export interface Numbered {
  readonly seq: number
}

/** Where a client stands once it has applied a page of changes, and the room's newest number. */
export interface Standing {
  readonly position: number
  readonly latest: number
}

/** More early events than this are not held: they are asked for again with the rest of the gap. */
const HELD_AT_MOST = 1000

/**
 * The order of one room's log. Takes events as they arrive (early, late, twice, never) and pages of catching up,
 * and gives out what is to be applied now, in order, each once. It does no I/O and knows no clock.
 */
export class Sequence<E extends Numbered> {
  #position: number | null = null
  #latest = 0
  readonly #early = new Map<number, E>()

  /** The last applied number; null until a snapshot was loaded. */
  get position(): number | null {
    return this.#position
  }

  /** The room's newest number, as far as it is known. */
  get latest(): number {
    return Math.max(this.#latest, this.#position ?? 0)
  }

  /** How many changes are known of and not applied. */
  get behind(): number {
    return this.#position === null ? 0 : this.latest - this.#position
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
    this.#latest = Math.max(this.#latest, seq)
  }

  /**
   * A page of changes after a position that this sequence had reached. Its items leave numbers out, because a change
   * that a later one has replaced is not in it; so the position comes with the page. Live events may have moved the
   * sequence beyond the page since it was asked for: the position never goes back.
   */
  replay(items: readonly E[], { position, latest }: Standing): E[] {
    const reached = this.#position
    if (reached === null) return []
    this.notice(latest)
    const due = items.filter((item) => item.seq > reached)
    this.#position = Math.max(reached, position)
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
    this.#latest = 0
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
