/**
 * Which delimiter runs of `*`, `_` and `~` belong together: the delimiter stack of CommonMark 0.31 ("phase 2: inline
 * structure"), which is linear where marked's own search is quadratic. Two amendments: `~` as in GitHub's strikethrough, and
 * punctuation of Chinese, Japanese and Korean text counts as a letter, since no blank separates it from the next word.
 */

/** Emphasis that opens at a position: how many delimiters, and where the closing ones end. */
export interface Emphasis {
  readonly size: 1 | 2
  readonly end: number
}

interface Run {
  readonly marker: string
  readonly start: number
  readonly length: number
  readonly opens: boolean
  readonly closes: boolean
  /** Delimiters not used yet; an opener loses them at its end, a closer at its start. */
  left: number
  /** The run before it among those that may still open; null is the bottom of the stack. */
  below: Run | null
}

const RUN = /\*+|_+|~+/g
const CJK =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\u3001-\u303f\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffee]/u
const PUNCTUATION = /[\p{P}\p{S}]/u
const BLANK = /\s/u

type Kind = 'blank' | 'punctuation' | 'cjk punctuation' | 'cjk' | 'letter'

function kindOf(letter: string): Kind {
  if (letter === '' || BLANK.test(letter)) return 'blank'
  const punctuation = PUNCTUATION.test(letter)
  if (CJK.test(letter)) return punctuation ? 'cjk punctuation' : 'cjk'
  return punctuation ? 'punctuation' : 'letter'
}

/**
 * The emphasis of a text, by the position where it opens. What must not be looked into (code, links, escapes) is masked by the
 * caller with letters.
 */
export function emphasisOf(text: string): ReadonlyMap<number, Emphasis> {
  const found = new Map<number, Emphasis>()
  let top: Run | null = null
  /** Below this run there is no opener for a closer of this sort: it need not be searched again. */
  const bottoms = new Map<string, Run | null>()
  for (const run of runsOf(text)) {
    if (run.closes) {
      while (run.left > 0) {
        const sort = `${run.marker}${String(run.length % 3)}${String(run.opens)}`
        const bottom = bottoms.get(sort) ?? null
        const opener = openerOf(run, top, bottom)
        if (opener === null) {
          bottoms.set(sort, top)
          break
        }
        const size = pairSize(opener, run)
        const at = opener.start + opener.left - size
        const end = run.start + run.length - run.left + size
        found.set(at, { size, end })
        opener.left -= size
        run.left -= size
        // The runs between them are inside this emphasis, and open nothing beyond it.
        top = opener.left > 0 ? opener : opener.below
      }
    }
    if (run.opens && run.left > 0) {
      run.below = top
      top = run
    }
  }
  return found
}

function* runsOf(text: string): Generator<Run> {
  for (const match of text.matchAll(RUN)) {
    const [run] = match
    const marker = run.charAt(0)
    if (marker === '~' && run.length > 2) continue
    const before = kindOf(letterBefore(text, match.index))
    const after = kindOf(letterAt(text, match.index + run.length))
    const left = flanks(after, before)
    const right = flanks(before, after)
    const within = marker === '_'
    yield {
      marker,
      start: match.index,
      length: run.length,
      opens: left && (!within || !right || before.endsWith('punctuation')),
      closes: right && (!within || !left || after.endsWith('punctuation')),
      left: run.length,
      below: null,
    }
  }
}

/** Whether a run touches the text on its inner side: CommonMark's left- and right-flanking runs. */
function flanks(inner: Kind, outer: Kind): boolean {
  if (inner === 'blank') return false
  return inner !== 'punctuation' || outer !== 'letter'
}

/** The nearest run that a closer fits, between the top of the stack and the bottom, which is not searched. */
function openerOf(closer: Run, top: Run | null, bottom: Run | null): Run | null {
  for (let run = top; run !== null && run !== bottom; run = run.below) if (fits(run, closer)) return run
  return null
}

/** The rule of CommonMark about multiples of three, and GitHub's about tildes. */
function fits(opener: Run, closer: Run): boolean {
  if (opener.marker !== closer.marker) return false
  if (opener.marker === '~') return opener.left === closer.left
  if (!opener.closes && !closer.opens) return true
  return (opener.length + closer.length) % 3 !== 0 || (opener.length % 3 === 0 && closer.length % 3 === 0)
}

function pairSize(opener: Run, closer: Run): 1 | 2 {
  return opener.left >= 2 && closer.left >= 2 ? 2 : 1
}

function letterAt(text: string, index: number): string {
  const point = text.codePointAt(index)
  return point === undefined ? '' : String.fromCodePoint(point)
}

function letterBefore(text: string, index: number): string {
  if (index === 0) return ''
  const unit = text.charCodeAt(index - 1)
  const paired = unit >= 0xdc00 && unit <= 0xdfff && index > 1
  return letterAt(text, paired ? index - 2 : index - 1)
}
