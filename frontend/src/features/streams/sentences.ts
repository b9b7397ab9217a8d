/** Without an end in so many characters, what is there is told all the same. */
const LONGEST = 400

/** Cuts growing text into whole sentences, to be heard one after the other. */
export class Sentences {
  #told: number
  readonly #segmenter: Intl.Segmenter

  /** What stands before `from` was there already, and is not told. */
  constructor(locale: string, from: number) {
    this.#segmenter = new Intl.Segmenter(locale, { granularity: 'sentence' })
    this.#told = from
  }

  /** The sentences that are whole by now; at the end, all the rest. */
  next(text: string, ended: boolean): string[] {
    const rest = text.slice(this.#told)
    const parts = [...this.#segmenter.segment(rest)].map((part) => part.segment)
    const last = parts.at(-1) ?? ''
    // The last one may still go on.
    if (!ended && last.length < LONGEST) parts.pop()
    this.#told += parts.reduce((sum, part) => sum + part.length, 0)
    return parts.map((part) => part.trim()).filter(Boolean)
  }
}
