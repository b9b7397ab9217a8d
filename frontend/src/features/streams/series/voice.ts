/** How often a series may be heard: numbers that come faster than one can listen are no news. */
const HEARD_EVERY_MS = 12_000

/** Tells the newest of what keeps changing, at a calm pace: what comes meanwhile is left out, but never the last. */
export class Voice {
  #text: (() => string) | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #say: (text: string) => void

  constructor(say: (text: string) => void) {
    this.#say = say
  }

  /** There is something new; `text` is asked when it is said. */
  news(text: () => string): void {
    this.#text = text
    if (this.#timer === undefined) this.#speak()
  }

  /** Nothing more comes: what is untold is told now. */
  last(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#text) this.#say(this.#text())
    this.#text = null
  }

  hush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#text = null
  }

  #speak(): void {
    if (!this.#text) return
    this.#say(this.#text())
    this.#text = null
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#speak()
    }, HEARD_EVERY_MS)
  }
}
