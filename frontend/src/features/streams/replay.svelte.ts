import type { StreamStep } from '../../client'
import { screen } from '../../ui/screen.svelte'

/** Longer silences are told by one of this length. */
const SILENCE_MS = 1_500
/** A page that was hidden goes on where it was. */
const LONGEST_FRAME_MS = 250
/** How often the text moves for those who asked for little movement. */
const STILL_MS = 1_000

/** A finished text, shown again as it was written. */
export class Replay {
  shown = $state('')
  fast = $state(false)
  readonly #dues: number[] = []
  readonly #ends: number[] = []
  #next = 0
  #played = 0
  #last = performance.now()
  #frame = 0

  /** `over` is called once, at the end or when it is stopped. */
  constructor(
    readonly text: string,
    steps: readonly StreamStep[],
    readonly over: () => void,
  ) {
    let [due, end] = [0, 0]
    for (const { wait, length } of steps) {
      this.#dues.push((due += Math.min(wait, SILENCE_MS)))
      this.#ends.push((end += length))
    }
    this.#frame = requestAnimationFrame(this.#play)
  }

  stop(): void {
    if (this.#frame === 0) return
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.over()
  }

  #play = (): void => {
    const now = performance.now()
    this.#played += Math.min(now - this.#last, LONGEST_FRAME_MS) * (this.fast ? 4 : 1)
    this.#last = now
    const until = screen.still ? Math.floor(this.#played / STILL_MS) * STILL_MS : this.#played
    while ((this.#dues[this.#next] ?? Infinity) <= until) this.#next += 1
    this.shown = this.text.slice(0, this.#ends[this.#next - 1] ?? 0)
    if (this.#next < this.#dues.length) this.#frame = requestAnimationFrame(this.#play)
    else this.stop()
  }
}
