import { Lexer, type MarkedToken } from 'marked'

// In a conversation a line break that was written is a line break.
const OPTIONS = { gfm: true, breaks: true }
/** Signs of emphasis in one block. To pair them costs their square, and nobody means so many. */
const MARKS_AT_MOST = 1_000

/** Definitions of links, `[name]: https://…`, as far as they are known: shared by the blocks of one text. */
export type Definitions = Lexer['tokens']['links']

/** Without a prototype: `[constructor]` is no link. */
export const noDefinitions = (): Definitions => Object.create(null) as Definitions

/** One closed block, or a whole text. Adds to the definitions what it defines. */
export function parse(source: string, definitions: Definitions): MarkedToken[] {
  if (outrageous(source)) return asItIs(source)
  const lexer = new Lexer(OPTIONS)
  lexer.tokens.links = definitions
  try {
    return lexer.lex(source) as MarkedToken[]
  } catch (error) {
    // Thousands of quotations in quotations: deeper than the stack, and no text of anybody.
    if (error instanceof RangeError) return asItIs(source)
    throw error
  }
}

function outrageous(source: string): boolean {
  let marks = 0
  if (!/^\s*(?:```|~~~)/.test(source)) for (const _ of source.matchAll(/[*_~]/g)) marks += 1
  return marks > MARKS_AT_MOST
}

function asItIs(source: string): MarkedToken[] {
  return [{ type: 'code', raw: source, text: source }]
}
