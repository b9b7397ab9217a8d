import { Lexer, type MarkedToken } from 'marked'
import { BoundedTokenizer } from './tokenizer'

/** Definitions of links, `[name]: https://…`, as far as they are known: shared by the blocks of one text. */
export interface Definitions {
  readonly links: Lexer['tokens']['links']
  /** How many definitions have been read. */
  count: number
}

/** Without a prototype: `[constructor]` is no link. */
export const noDefinitions = (): Definitions => ({
  links: Object.create(null) as Lexer['tokens']['links'],
  count: 0,
})

/**
 * The longest run of inline text that is searched for marks as one. Some of marked's searches cost the square of the run;
 * a longer paragraph is searched in parts, so that it costs a multiple of its length.
 */
const LONGEST_RUN = 4_000

/** One closed block, or a whole text. Adds to the definitions what it defines. Linear in the length of the text. */
export function parse(source: string, definitions: Definitions): MarkedToken[] {
  const lexer = new BoundedLexer(definitions)
  return lexer.lex(source) as MarkedToken[]
}

class BoundedLexer extends Lexer {
  constructor(definitions: Definitions) {
    // In a conversation, a line break that was typed is a line break.
    super({ gfm: true, breaks: true, tokenizer: new BoundedTokenizer(definitions) })
    this.tokens.links = definitions.links
  }

  override lex(source: string): Lexer['tokens'] {
    this.blockTokens(source.replace(/\r\n?/g, '\n'), this.tokens)
    for (const { src, tokens } of this.inlineQueue) {
      this.state.inRawBlock = false
      for (const run of runsOf(src)) this.inlineTokens(run, tokens)
    }
    this.inlineQueue = []
    return this.tokens
  }
}

/** The parts of a text, each at most LONGEST_RUN long, cut before a line break if there is one, else before a blank. */
export function runsOf(text: string): string[] {
  const runs: string[] = []
  let from = 0
  while (text.length - from > LONGEST_RUN) {
    const part = text.slice(from, from + LONGEST_RUN)
    const cut = [part.lastIndexOf('\n'), part.lastIndexOf(' ')].find((at) => at > LONGEST_RUN / 2)
    // Not between the halves of a surrogate pair.
    const length = cut ?? (/[\ud800-\udbff]$/.test(part) ? LONGEST_RUN - 1 : LONGEST_RUN)
    runs.push(text.slice(from, from + length))
    from += length
  }
  runs.push(text.slice(from))
  return runs
}
