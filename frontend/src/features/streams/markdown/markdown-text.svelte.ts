import type { MarkedToken } from 'marked'
import { Lines } from '../lines.svelte'
import { Pages } from '../pages.svelte'
import { MarkdownCutter } from './cutter'
import { noDefinitions, parse, type Definitions } from './parse'

/** A block that is closed, as it was written and as it is to be drawn. */
export class Block {
  tokens = $state.raw<readonly MarkedToken[]>([])
  /** How many links were defined when it was parsed. */
  #defined = -1

  constructor(
    readonly source: string,
    definitions: Definitions,
  ) {
    this.parse(definitions)
  }

  /** Again, when it may name a link that was only defined after it. */
  parse(definitions: Definitions): void {
    const defined = Object.keys(definitions).length
    if (this.#defined === defined || (this.#defined >= 0 && !this.source.includes('['))) return
    this.tokens = parse(this.source, definitions)
    this.#defined = Object.keys(definitions).length
  }
}

/** A Markdown text that grows: closed blocks are parsed once, when they close; the open one is plain lines. */
export class MarkdownText {
  readonly closed = new Pages<Block>()
  readonly open = new Lines()
  /** When the text has ended: what was still open. It may go on, and is open again then. */
  rest = $state.raw<Block | null>(null)
  #cutter = new MarkdownCutter()
  #definitions = noDefinitions()
  #length = 0

  /** The text is this far now. It only grows, unless it begins anew. */
  reached(text: string, ended: boolean): void {
    if (text.length < this.#length) this.#clear()
    if (text.length > this.#length) this.#append(text.slice(this.#length))
    this.#length = text.length
    if (!ended) this.rest = null
    else this.rest ??= this.#end()
  }

  #append(piece: string): void {
    this.rest = null
    const closed = this.#cutter.take(piece)
    if (closed.length === 0) return this.open.append(piece)
    this.closed.push(closed.map((source) => new Block(source, this.#definitions)))
    this.open.clear()
    this.open.append(this.#cutter.rest)
  }

  #end(): Block {
    const rest = new Block(this.#cutter.rest, this.#definitions)
    for (const page of this.closed.all) for (const block of page) block.parse(this.#definitions)
    return rest
  }

  #clear(): void {
    this.closed.clear()
    this.open.clear()
    this.#cutter = new MarkdownCutter()
    this.#definitions = noDefinitions()
    this.#length = 0
  }
}
