import type { MarkedToken } from 'marked'
import { Lines } from '../lines.svelte'
import { Pages } from '../pages.svelte'
import { MarkdownCutter } from './cutter'
import { noDefinitions, parse, type Definitions } from './parse'

/** How long blocks are parsed in one task, in ms. The rest waits for the next one, so that the page goes on. */
const SLICE_MS = 20

/** A block that is closed, as it was written and as it is to be drawn. */
export class Block {
  /** Null until it has been parsed: it is drawn as it was written. */
  tokens = $state.raw<readonly MarkedToken[] | null>(null)
  /** How many links were defined when it was parsed. */
  #defined = -1

  constructor(readonly source: string) {}

  /** Again, when it may name a link that was only defined after it. */
  parse(definitions: Definitions): void {
    if (this.#defined === definitions.count || (this.#defined >= 0 && !this.source.includes('['))) return
    this.tokens = parse(this.source, definitions)
    this.#defined = definitions.count
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
  /** Blocks to parse, in the order of the text; the first ones are done. */
  #waiting: Block[] = []
  #done = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(readonly sliceMs = SLICE_MS) {}

  /** The text is this far now. It only grows, unless it begins anew. */
  reached(text: string, ended: boolean): void {
    if (text.length < this.#length) this.#clear()
    if (text.length > this.#length) this.#append(text.slice(this.#length))
    this.#length = text.length
    if (!ended) this.rest = null
    else this.rest ??= this.#end()
    if (this.#timer === undefined) this.#parseWaiting()
  }

  /** Nothing more is parsed. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting = []
    this.#done = 0
  }

  #append(piece: string): void {
    this.rest = null
    const closed = this.#cutter.take(piece)
    if (closed.length === 0) return this.open.append(piece)
    const blocks = closed.map((source) => new Block(source))
    this.closed.push(blocks)
    for (const block of blocks) this.#waiting.push(block)
    this.open.clear()
    this.open.append(this.#cutter.rest)
  }

  #end(): Block {
    const rest = new Block(this.#cutter.rest)
    this.#waiting.push(rest)
    // Those before it may name a link that is defined after them.
    for (const page of this.closed.all) for (const block of page) this.#waiting.push(block)
    return rest
  }

  #parseWaiting(): void {
    this.#timer = undefined
    const until = performance.now() + this.sliceMs
    while (this.#done < this.#waiting.length) {
      this.#waiting[this.#done++]?.parse(this.#definitions)
      if (performance.now() > until && this.#done < this.#waiting.length) {
        this.#timer = setTimeout(() => this.#parseWaiting())
        return
      }
    }
    this.#waiting = []
    this.#done = 0
  }

  #clear(): void {
    this.close()
    this.closed.clear()
    this.open.clear()
    this.#cutter = new MarkdownCutter()
    this.#definitions = noDefinitions()
    this.#length = 0
  }
}
