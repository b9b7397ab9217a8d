/** Without an end in so many characters, what is there is told all the same. */
const LONGEST = 400

/** Ends as a sentence does. */
const WHOLE = /[.!?…。！？][\s\p{P}]*$/u

/** Cuts growing text into whole sentences, to be heard one after the other. */
export class Sentences {
  #told: number
  readonly #segmenter: Intl.Segmenter

  /** What stands before `from` was there already, and is not told. */
  constructor(locale: string, from: number) {
    this.#segmenter = segmenterOf(locale)
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

/** Where the sentence begins that a text is in the middle of: whoever comes now hears that one whole, and none before. */
export function sentenceBegun(locale: string, text: string): number {
  const near = text.slice(-LONGEST)
  const last = [...segmenterOf(locale).segment(near)].at(-1)?.segment ?? ''
  const over = last.length === LONGEST || WHOLE.test(last)
  return over ? text.length : text.length - last.length
}

/** Markdown as one would read it out: without the signs that are only for the eye. */
export function spoken(markdown: string): string {
  return markdown
    .replace(/^[ \t]*(?:(?:```|~~~).*|[-:| \t]{3,}$|#{1,6}\s|(?:>|[-+*]|\d{1,9}[.)])\s)+/gmu, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/gu, '$1')
    .replace(/\*+|__|~~|`+|\|/gu, '')
    .trim()
}

function segmenterOf(locale: string): Intl.Segmenter {
  return new Intl.Segmenter(locale, { granularity: 'sentence' })
}
