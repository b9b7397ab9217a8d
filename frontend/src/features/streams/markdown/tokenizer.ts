import { Tokenizer, type Tokens } from 'marked'
import { addressLength, LONGEST } from '../../messages/links'
import { emphasisOf, type Emphasis } from './emphasis'

/** Lists and quotations in each other; deeper ones stay text. */
const DEEPEST = 24
/** Emphasis in emphasis. Each level is read once more. */
const DEEPEST_EMPHASIS = 8

/** A heading of several lines, with the line under it; a longer one is a paragraph. */
const LONGEST_HEADING = 500
const UNDERLINE = /\n {0,3}(?:=+|-+)[ \t]*(?:\n|$)/

/** Where a text may stop being plain: marks of other rules, a line break, the start of an address. */
const SPECIAL = /[\\<![`*~_\n@]|https?:\/\/|www\./gi
const MAIL_NAME = /[\w.+-]{1,64}$/
const MAIL = /^[\w.+-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}(?![\w-])/i

/**
 * marked's rules for inline text, bounded. Its own rules for emphasis, addresses and plain text cost the square of the text
 * for some texts; these are linear, and read Chinese and Japanese punctuation as the message links do.
 */
export class BoundedTokenizer extends Tokenizer {
  #depth = 0
  #emphasisDepth = 0
  readonly #emphasis = new Map<string, ReadonlyMap<number, Emphasis>>()

  constructor(readonly definitions: { count: number }) {
    super()
  }

  override def(source: string): Tokens.Def | undefined {
    const definition = super.def(source)
    if (definition) this.definitions.count += 1
    return definition
  }

  /** A heading by the line under it. marked's rule looks for that line to the end of the text, from each line of a list item. */
  override lheading(source: string): Tokens.Heading | undefined {
    const head = source.slice(0, LONGEST_HEADING)
    const underline = UNDERLINE.exec(head)
    // The end of the head is the end of no line.
    const cut =
      underline !== null &&
      underline.index + underline[0].length === head.length &&
      source.length > head.length
    return underline && !cut
      ? super.lheading(source.slice(0, underline.index + underline[0].length))
      : undefined
  }

  override list(source: string): Tokens.List | undefined {
    return this.#deeper(() => super.list(source))
  }

  override blockquote(source: string): Tokens.Blockquote | undefined {
    return this.#deeper(() => super.blockquote(source))
  }

  override emStrong(source: string, masked: string): Tokens.Em | Tokens.Strong | undefined {
    const marker = source.charAt(0)
    if (marker !== '*' && marker !== '_') return undefined
    return this.#emphasized(source, masked, (size) => (size === 2 ? 'strong' : 'em')) as
      Tokens.Em | Tokens.Strong | undefined
  }

  override del(source: string, masked: string): Tokens.Del | undefined {
    if (!source.startsWith('~')) return undefined
    return this.#emphasized(source, masked, () => 'del') as Tokens.Del | undefined
  }

  override url(source: string): Tokens.Link | undefined {
    const mail = MAIL.exec(source)
    if (mail) return address(mail[0], `mailto:${mail[0]}`)
    const start = /^www\./i.test(source) ? 'http://' : ''
    const href = start + source.slice(0, webLength(source))
    return WITH_HOST.test(href) && href.length <= LONGEST
      ? address(href.slice(start.length), href)
      : undefined
  }

  override inlineText(source: string): Tokens.Text | undefined {
    if (source === '') return undefined
    const run = /^(?:`+|~+)/.exec(source)?.[0]
    // What is too long for a link is not looked at again from each address within it.
    return plain(
      run ?? source.slice(0, Math.max(plainLength(source), webLength(source) > LONGEST ? LONGEST : 0)),
    )
  }

  #emphasized(source: string, masked: string, typeOf: (size: 1 | 2) => string): unknown {
    const at = masked.length - source.length
    const emphasis = this.#of(masked).get(at)
    if (!emphasis) return undefined
    const { size, end } = emphasis
    const raw = source.slice(0, end - at)
    const text = raw.slice(size, -size)
    if (this.#emphasisDepth >= DEEPEST_EMPHASIS) return undefined
    this.#emphasisDepth += 1
    const tokens = this.lexer.inlineTokens(text)
    this.#emphasisDepth -= 1
    return { type: typeOf(size), raw, text, tokens }
  }

  #of(masked: string): ReadonlyMap<number, Emphasis> {
    let known = this.#emphasis.get(masked)
    if (known === undefined) this.#emphasis.set(masked, (known = emphasisOf(masked)))
    return known
  }

  #deeper<T>(work: () => T): T | undefined {
    if (this.#depth >= DEEPEST) return undefined
    this.#depth += 1
    try {
      return work()
    } finally {
      this.#depth -= 1
    }
  }
}

const WITH_HOST = /^https?:\/\/[^/?#]/i

/** The length of the web address at the start of a text, with or without a scheme; 0 when there is none. */
function webLength(source: string): number {
  const head = source.slice(0, LONGEST + 1)
  if (/^https?:\/\//i.test(head)) return addressLength(head)
  return /^www\./i.test(head) ? addressLength(`http://${head}`) - 'http://'.length : 0
}

/** How much of the text, one letter at least, no other rule can begin in. */
function plainLength(source: string): number {
  SPECIAL.lastIndex = 1
  for (let match = SPECIAL.exec(source); match !== null; match = SPECIAL.exec(source)) {
    if (match[0] === '\n') return lengthBeforeBlanks(source, match.index)
    if (match[0] !== '@') return match.index
    const name = MAIL_NAME.exec(source.slice(Math.max(0, match.index - 64), match.index))?.[0] ?? ''
    const start = match.index - name.length
    if (name !== '' && start > 0 && MAIL.test(source.slice(start, start + 320))) return start
  }
  return source.length
}

/** The blanks before a line break belong to the break. */
function lengthBeforeBlanks(source: string, end: number): number {
  let at = end
  while (at > 1 && source.charAt(at - 1) === ' ') at -= 1
  return at
}

function plain(raw: string): Tokens.Text {
  return { type: 'text', raw, text: raw, escaped: false }
}

function address(raw: string, href: string): Tokens.Link {
  return { type: 'link', raw, text: raw, href, title: null, tokens: [plain(raw)] }
}
