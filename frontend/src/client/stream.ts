import type { Message, StreamAppended, StreamTiming, StreamView } from './contract/schemas.ts'
import { asCrosstalkError } from './errors.ts'
import { type Unsubscribe, Value } from './observable.ts'
import { pauseMs } from './pauses.ts'
import { StreamAssembly } from './stream-assembly.ts'
import type { LiveStream as LiveStreamSurface, LiveStreamState, StreamStep } from './surface.ts'

/** A piece that came early is usually followed by the missing one. */
const GRACE_MS = 150
const PAUSES = { firstMs: 500, mostMs: 10_000 }

export interface LiveStreamPorts {
  view(streamId: string, offset: number): Promise<StreamView>
  timing(streamId: string, offset: number): Promise<StreamTiming>
  online(): boolean
  random: () => number
}

/** The live text, or the live items, of one stream: what is known stays known, only what is missing is asked for. */
export class LiveStream implements LiveStreamSurface {
  readonly id: string
  readonly #value: Value<LiveStreamState>
  readonly #ports: LiveStreamPorts
  readonly #assembly = new StreamAssembly<string | unknown[]>((next) => this.#grow(next))
  #text = ''
  readonly #items: unknown[] = []
  #message: Message | null = null
  #attached = 0
  /** Whether a view has told where the stream stands since the last time that pieces may have been lost. */
  #viewed = false
  #viewing = false
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(id: string, message: Message | undefined, ports: LiveStreamPorts) {
    this.id = id
    this.#ports = ports
    this.#value = new Value<LiveStreamState>({
      state: 'open',
      content_type: 'text/plain',
      text: '',
      items: this.#items,
      end: 0,
      missing: false,
      by: null,
      reason: null,
      error: null,
    })
    if (message !== undefined) this.told(message)
  }

  get(): LiveStreamState {
    return this.#value.get()
  }

  subscribe(listener: (state: LiveStreamState) => void): Unsubscribe {
    return this.#value.subscribe(listener)
  }

  attach(): Unsubscribe {
    this.#attached += 1
    if (this.#needs()) {
      void this.#fetch()
      // What comes first is what was written before.
      this.#tell({})
    }
    let attached = true
    return () => {
      if (!attached) return
      attached = false
      this.#attached -= 1
    }
  }

  async timing(): Promise<StreamStep[]> {
    const steps: StreamStep[] = []
    for (let known = 0, more = true; more;) {
      const { waits, lengths, end } = await this.#ports.timing(this.id, known)
      const part = lengths.map((length, i) => ({ wait: waits[i] ?? 0, length }))
      steps.push(...part)
      known += part.reduce((sum, { length }) => sum + length, 0)
      more = part.length > 0 && known < end
    }
    return steps
  }

  /** The message of the stream, opened, ended, or opened again. */
  told(message: Message): void {
    const { stream } = message
    if (this.#message !== null && this.#message.changed_seq > message.changed_seq) return
    this.#message = message
    if (stream === undefined || stream === null) return
    this.#assembly.reaches(stream.offset)
    const { state, content_type, by, reason } = stream
    this.#tell({ state, content_type, by: by ?? null, reason: reason ?? null })
    this.#watch(0)
  }

  piece(piece: StreamAppended): void {
    this.#take(piece.offset, piece)
    this.#watch(GRACE_MS)
  }

  /** Pieces may have been lost. */
  reconnected(): void {
    this.#failures = 0
    this.#viewed = this.#viewed && this.get().state !== 'open'
    this.#watch(0)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#attached = 0
  }

  #needs(): boolean {
    return this.#attached > 0 && (this.#assembly.missing || !this.#viewed)
  }

  #watch(ms: number): void {
    if (!this.#needs() || this.#viewing) return
    clearTimeout(this.#timer)
    if (ms === 0) void this.#fetch()
    else this.#timer = setTimeout(() => void this.#fetch(), ms)
  }

  async #fetch(): Promise<void> {
    if (this.#viewing) return
    this.#viewing = true
    clearTimeout(this.#timer)
    try {
      while (this.#needs()) {
        const before = this.#assembly.end
        const view = await this.#ports.view(this.id, before)
        this.#viewed = true
        this.#assembly.reaches(view.end)
        this.#take(view.offset, view)
        // A message of the log has its place in the order; a view has not.
        if (this.#message === null) this.#tell({ state: view.state, content_type: view.content_type })
        if (this.#assembly.end === before) break
      }
      this.#failures = 0
      this.#tell({ error: null })
    } catch (thrown) {
      this.#failed(thrown)
    } finally {
      this.#viewing = false
    }
    if (this.#assembly.missing && this.get().error === null) this.#watch(GRACE_MS)
  }

  #failed(thrown: unknown): void {
    const error = asCrosstalkError(thrown)
    this.#tell({ error })
    // Offline, the next connection asks.
    if (!error.passing || !this.#ports.online()) return
    this.#failures += 1
    const pause = Math.max(
      pauseMs(this.#failures, this.#ports.random, PAUSES),
      (error.retryAfter ?? 0) * 1000,
    )
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#fetch(), pause)
  }

  #take(offset: number, { text, items }: Pick<StreamAppended, 'text' | 'items'>): void {
    const content = text ?? items
    if (content !== undefined && content !== null) this.#assembly.take(offset, content)
    this.#tell({})
  }

  #grow(next: string | unknown[]): void {
    if (typeof next === 'string') this.#text += next
    else this.#items.push(...next)
  }

  #tell(change: Partial<LiveStreamState>): void {
    const known = this.#value.get()
    const { end, missing } = this.#assembly
    this.#value.set({ ...known, text: this.#text, end, missing: missing || this.#needs(), ...change })
  }
}
