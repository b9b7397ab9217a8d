import { Lexer, type MarkedToken } from 'marked'
import { BoundedTokenizer } from './tokenizer'

/** Definitions of links, `[name]: https://…`, as far as they are known: shared by the blocks of one text. */
export type Definitions = Lexer['tokens']['links']

/** Without a prototype: `[constructor]` is no link. */
export const noDefinitions = (): Definitions => Object.create(null) as Definitions

/** One closed block, or a whole text. Adds to the definitions what it defines. Linear in the length of the text. */
export function parse(source: string, definitions: Definitions): MarkedToken[] {
  // In a conversation, a line break that was typed is a line break.
  const lexer = new Lexer({ gfm: true, breaks: true, tokenizer: new BoundedTokenizer() })
  lexer.tokens.links = definitions
  return lexer.lex(source) as MarkedToken[]
}
