import type { Room } from '../../client'

const REST_MS = 1000

/** Tells the room how far it was read, at most once a second, and never forgets the last. */
export class ReadMarker {
  #seq = 0
  #told = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(readonly room: Pick<Room, 'markRead'>) {}

  seen(seq: number): void {
    this.#seq = Math.max(this.#seq, seq)
    this.#timer ??= this.#tell()
  }

  #tell(): ReturnType<typeof setTimeout> | undefined {
    if (this.#seq <= this.#told) return undefined
    this.#told = this.#seq
    this.room.markRead(this.#seq)
    return setTimeout(() => {
      this.#timer = undefined
      this.#timer = this.#tell()
    }, REST_MS)
  }
}
