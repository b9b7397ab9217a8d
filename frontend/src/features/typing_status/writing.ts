import type { Room } from '../../client'

const AGAIN_MS = 3000

/** Tells the room that one writes: at the first key, then at most every three seconds, and when it is over. */
export class Writing {
  #toldAt = -Infinity

  constructor(readonly room: Pick<Room, 'startTyping' | 'stopTyping'>) {}

  wrote(text: string): void {
    if (text.trim() === '') return this.ended()
    const now = performance.now()
    if (now - this.#toldAt < AGAIN_MS) return
    this.#toldAt = now
    this.room.startTyping()
  }

  ended(): void {
    if (this.#toldAt === -Infinity) return
    this.#toldAt = -Infinity
    this.room.stopTyping()
  }
}
