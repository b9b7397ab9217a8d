import { Pages } from './pages.svelte'

/** Text that grows, line by line: those that have ended are never touched again. */
export class Lines {
  /** Each with its own line break: together with `last` they are the text. */
  readonly ended = new Pages<string>()
  last = $state('')
  #length = 0

  /** The text is this far now. It only grows, unless it begins anew. */
  reached(text: string): void {
    if (text.length < this.#length) this.clear()
    if (text.length > this.#length) this.append(text.slice(this.#length))
  }

  append(piece: string): void {
    this.#length += piece.length
    const end = piece.lastIndexOf('\n') + 1
    if (end > 0) {
      const lines = piece.slice(0, end).match(/[^\n]*\n/gu) ?? []
      lines[0] = this.last + lines[0]
      this.ended.push(lines)
      this.last = piece.slice(end)
    } else this.last += piece
  }

  clear(): void {
    this.ended.clear()
    this.last = ''
    this.#length = 0
  }
}
