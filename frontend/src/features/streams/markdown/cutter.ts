import { Lexer } from 'marked'

/** What a line may open at the level of the document, beside a paragraph. Names and order are those of CommonMark. */
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})$/
const BULLET = /^( {0,3}(?:[-+*]|\d{1,9}[.)]))([ \t]+|$)/
const HEADING = /^ {0,3}#{1,6}(?:\s|$)/
const HTML: readonly (readonly [RegExp, RegExp])[] = [
  [/^ {0,3}<(?:script|pre|style|textarea)(?:\s|>|$)/i, /<\/(?:script|pre|style|textarea)>/i],
  [/^ {0,3}<!--/, /-->/],
  [/^ {0,3}<\?/, /\?>/],
  [/^ {0,3}<!\[CDATA\[/, /\]\]>/],
  [/^ {0,3}<![a-z]/i, />/],
]
/** Any other element: ends at a blank line, and until then nothing in it counts. */
const MARKUP = Lexer.rules.block.gfm.html
/** The second line of a table. */
const TABLE_RULE = /^ {0,3}(?=.*-)(?=.*[|:])[ \t|:-]+$/

/**
 * A block longer than this is cut into several, so that none takes long to parse and to draw: at a line, at an item of a list, or
 * within a line at a blank. Code and HTML stay whole; they are one piece of text.
 */
export const LONGEST_BLOCK = 32_000

/** After a blank line, the beginning of a line that is no item of a list and belongs to none. */
const NO_ITEM = /^ {0,1}[^\s\-+*\d]/

type Open =
  /** Ends at a blank line, as paragraphs, tables, quotations and headings do. */
  | { kind: 'text' }
  | { kind: 'markup' }
  | { kind: 'fence'; end: RegExp }
  | { kind: 'html'; end: RegExp }
  | { kind: 'code' }
  /** `inside`: from this column on, a line belongs to the last item. */
  | { kind: 'list'; inside: number }

/**
 * Finds where blocks of a growing Markdown text are closed, so that each can be parsed once, alone. Looks at every
 * line once, when it has ended; in doubt it cuts later, and a block is really several.
 */
export class MarkdownCutter {
  #open: Open | null = null
  /** The lines of the open block that have ended, and the one that has not. */
  #lines: string[] = []
  #line = ''
  #blank = false
  /** The length of the open block without the line that has not ended. */
  #size = 0

  /** What is not closed yet. */
  get rest(): string {
    return this.#lines.join('') + this.#line
  }

  /** The blocks that this piece closes. */
  take(piece: string): string[] {
    const closed: string[] = []
    let from = 0
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      this.#line += piece.slice(from, end)
      this.#shorten(closed)
      this.#ended(`${this.#line}\n`, closed)
      this.#line = ''
      from = end + 1
    }
    this.#line += piece.slice(from)
    this.#shorten(closed)
    if (this.#blank && this.#open?.kind === 'list' && NO_ITEM.test(this.#line)) this.#close(closed)
    return closed
  }

  #ended(line: string, closed: string[]): void {
    const text = line.trimEnd()
    if (text === '') {
      this.#blank = true
      this.#push(line)
      if (this.#open?.kind === 'text' || this.#open?.kind === 'markup') this.#close(closed)
      return
    }
    const after = this.#blank
    this.#blank = false
    this.#open = this.#next(text, after, closed)
    this.#push(line)
    if (this.#open === null) this.#close(closed)
    else if (this.#open.kind === 'text' && this.#size > LONGEST_BLOCK) this.#closeLong(closed)
  }

  #push(line: string): void {
    this.#lines.push(line)
    this.#size += line.length
  }

  /** Closes a block within a line that is too long. */
  #shorten(closed: string[]): void {
    const kind = this.#open?.kind
    if (kind === 'fence' || kind === 'code' || kind === 'html') return
    while (this.#line.length > LONGEST_BLOCK) {
      const part = this.#line.slice(0, LONGEST_BLOCK)
      const blank = part.lastIndexOf(' ')
      // Not between the halves of a surrogate pair.
      const whole = /[\ud800-\udbff]$/.test(part) ? LONGEST_BLOCK - 1 : LONGEST_BLOCK
      const length = blank > LONGEST_BLOCK / 2 ? blank + 1 : whole
      this.#push(this.#line.slice(0, length))
      this.#close(closed)
      this.#blank = false
      this.#line = this.#line.slice(length)
    }
  }

  /** The rest of a table begins with the head of the table again. */
  #closeLong(closed: string[]): void {
    const [names = '', rule = ''] = this.#lines
    const head = TABLE_RULE.test(rule.trimEnd()) && names.includes('|') ? [names, rule] : []
    const longHead = names.length + rule.length > LONGEST_BLOCK / 4
    this.#close(closed)
    if (head.length === 0 || longHead) return
    this.#open = { kind: 'text' }
    for (const line of head) this.#push(line)
  }

  /** What is open after this line; nothing, when it closes the block. */
  #next(text: string, afterBlank: boolean, closed: string[]): Open | null {
    const open = this.#open
    switch (open?.kind) {
      case undefined:
        return opened(text)
      case 'fence':
        return open.end.test(text) ? null : open
      case 'markup':
        return open
      case 'html':
        return open.end.test(text) ? { kind: 'text' } : open
      case 'text':
        // Code after a title, or a paragraph that goes on: what follows tells, and until then it is one block.
        return interrupting(text) ?? (indentOf(text) >= 4 ? { kind: 'code' } : open)
      case 'code':
        if (indentOf(text) >= 4) return open
        break
      case 'list':
        if (this.#size > 2 * LONGEST_BLOCK) {
          this.#close(closed)
          return opened(text)
        }
        if (indentOf(text) >= open.inside) return open
        if (!RULE.test(text) && BULLET.test(text)) {
          if (this.#size > LONGEST_BLOCK) this.#close(closed)
          return opened(text)
        }
        // A paragraph in an item goes on without its indent.
        if (!afterBlank) return interrupting(text) ?? open
    }
    if (afterBlank) this.#close(closed)
    return opened(text)
  }

  #close(closed: string[]): void {
    this.#open = null
    closed.push(this.#lines.join(''))
    this.#lines = []
    this.#size = 0
  }
}

function opened(text: string): Open {
  if (indentOf(text) >= 4) return { kind: 'code' }
  return interrupting(text) ?? { kind: 'text' }
}

/** What begins without a blank line before it. */
function interrupting(text: string): Open | null {
  if (RULE.test(text) || HEADING.test(text)) return { kind: 'text' }
  return fenced(text) ?? marked(text) ?? listed(text)
}

function listed(text: string): Open | null {
  const bullet = BULLET.exec(text)
  return bullet && { kind: 'list', inside: columnInside(bullet, text) }
}

function fenced(text: string): Open | null {
  const fence = FENCE.exec(text)?.[1]
  return fence ? { kind: 'fence', end: new RegExp(`^ {0,3}${fence}${fence[0]}*[ \\t]*$`) } : null
}

function marked(text: string): Open | null {
  const end = HTML.find(([begin]) => begin.test(text))?.[1]
  if (end) return end.test(text) ? { kind: 'text' } : { kind: 'html', end }
  return MARKUP.test(`${text}\n`) ? { kind: 'markup' } : null
}

function columnInside([, marker = '', space = '']: RegExpExecArray, text: string): number {
  const width = space.replaceAll('\t', '    ').length
  const empty = text.length === marker.length + space.length
  return marker.length + (empty || width > 4 ? 1 : width)
}

function indentOf(text: string): number {
  let column = 0
  for (const character of text) {
    if (character === ' ') column += 1
    else if (character === '\t') column += 4 - (column % 4)
    else break
  }
  return column
}
