import type { Line } from './line.svelte'

/** Shows what `start_stream` sends, as it comes. */
export class Typewriter {
  text = $state('')
  state = $state<'idle' | 'running' | 'finished' | 'stopped'>('idle')
  /** How many the server says it has sent, once it has said so. */
  sent = $state<number | null>(null)
  #coming: string[] = []
  #frame: number | null = null
  readonly #unlisten: () => void

  constructor(readonly line: Line) {
    this.#unlisten = line.listen((event, args) => {
      if (event === 'new_char') this.#came(String(args[0]))
      else if (event === 'stream_end') this.#ended('finished', args[0])
    })
  }

  count = $derived([...this.text].length)

  start(namespace: string, text: string, pace_ms: number): void {
    this.#empty()
    this.state = 'running'
    this.line.send(namespace, 'start_stream', [text ? { text, pace_ms } : { pace_ms }], ([answer]) => {
      // Nothing, or why not; the log has the whole of it.
      if (answer !== undefined && this.state === 'running') this.state = 'idle'
    })
  }

  stop(namespace: string): void {
    this.line.send(namespace, 'stop_stream', [], ([count]) => this.#ended('stopped', count))
  }

  close(): void {
    this.#unlisten()
    if (this.#frame !== null) cancelAnimationFrame(this.#frame)
  }

  /** Many may come between two pictures; they are shown together, in their order. */
  #came(character: string): void {
    if (this.state !== 'running') {
      // Somebody has started one by hand.
      if (this.state !== 'idle') this.#empty()
      this.state = 'running'
    }
    this.#coming.push(character)
    this.#frame ??= requestAnimationFrame(() => this.#show())
  }

  #show(): void {
    this.#frame = null
    this.text += this.#coming.splice(0).join('')
  }

  #ended(state: 'finished' | 'stopped', count: unknown): void {
    this.#show()
    this.state = state
    this.sent = typeof count === 'number' ? count : null
  }

  #empty(): void {
    this.#coming = []
    this.text = ''
    this.sent = null
  }
}
