import { bestEffort } from './errors.ts'

const REST_MS = 1000

/** Tells the server how far a room was read: at most once a second, and never forgets the last. */
export class ReadMarker {
  #seq = 0
  #telling = false

  constructor(
    readonly tell: (seq: number) => Promise<unknown>,
    readonly online: () => boolean,
  ) {}

  moved(seq: number): void {
    this.#seq = Math.max(this.#seq, seq)
    this.flush()
  }

  /** Tells what has not been told; what failed for want of a network is told when this is called the next time. */
  flush(): void {
    if (!this.#telling) bestEffort(this.#run())
  }

  async #run(): Promise<void> {
    this.#telling = true
    try {
      while (this.#seq > 0 && this.online()) {
        const seq = this.#seq
        await this.tell(seq)
        if (this.#seq === seq) this.#seq = 0
        await new Promise((resolve) => setTimeout(resolve, REST_MS))
      }
    } finally {
      this.#telling = false
    }
  }
}
