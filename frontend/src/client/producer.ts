import type { AppendToStream } from './contract/schemas.ts'
import { asCrosstalkError, CrosstalkError } from './errors.ts'
import { Value } from './observable.ts'
import type { ProducerState, StreamProducer } from './surface.ts'

type Content = string | unknown[]

/** Well below the server's limits for one piece, in either unit, and below what fits in one packet. */
const TEXT_AT_MOST = 16_000
const ITEMS_AT_MOST = 200

export interface Lease {
  readonly stream_id: string
  readonly lease: number
  readonly lease_s: number
}

export interface ProducerPorts {
  /** Both repeat by themselves what a dead network has swallowed. */
  append(input: AppendToStream): Promise<{ offset: number }>
  finish(lease: { stream_id: string; lease: number }): Promise<{ offset: number }>
  renew(lease: { stream_id: string; lease: number }): Promise<{ offset: number }>
}

/** Writes one stream: one piece in flight, the offset as the server acked it, the lease kept alive in the pauses. */
export class Producer implements StreamProducer {
  readonly streamId: string
  readonly state: Value<ProducerState>
  readonly #ports: ProducerPorts
  readonly #lease: Lease
  #queue: Content = ''
  #sending = false
  #finishing = false
  #silent = true
  #waiting: { resolve: () => void; reject: (error: CrosstalkError) => void }[] = []
  readonly #renewal: ReturnType<typeof setInterval>

  constructor(lease: Lease, offset: number, ports: ProducerPorts) {
    this.streamId = lease.stream_id
    this.#lease = lease
    this.#ports = ports
    this.state = new Value<ProducerState>({ state: 'open', offset, queued: 0, error: null })
    this.#renewal = setInterval(() => void this.#renew(), (lease.lease_s * 1000) / 3)
  }

  append(text: string): void {
    if (text !== '') this.#add(typeof this.#queue === 'string' ? this.#queue + text : text)
  }

  appendItems(items: readonly unknown[]): void {
    if (items.length > 0) this.#add(typeof this.#queue === 'string' ? [...items] : this.#queue.concat(items))
  }

  flush(): Promise<void> {
    const { state, error } = this.state.get()
    if (state === 'lost') return Promise.reject(error ?? lost())
    if (!this.#sending && this.#next().length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  async finish(): Promise<void> {
    if (this.state.get().state === 'finished') return
    this.#finishing = true
    void this.#pump()
    await this.flush()
    try {
      const { offset } = await this.#ports.finish(this.#named())
      this.#over({ state: 'finished', offset, queued: 0 })
    } catch (thrown) {
      const error = asCrosstalkError(thrown)
      this.#over({ state: 'lost', error })
      throw error
    }
  }

  abandon(): void {
    if (this.state.get().state === 'open') this.#over({ state: 'lost', error: lost() })
  }

  #add(queue: Content): void {
    if (this.state.get().state !== 'open' || this.#finishing) return
    this.#queue = queue
    this.#tell({ queued: queue.length })
    void this.#pump()
  }

  async #pump(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    try {
      for (let piece = this.#next(); piece.length > 0; piece = this.#next()) await this.#send(piece)
    } finally {
      this.#sending = false
    }
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  async #send(piece: Content): Promise<void> {
    const { offset } = this.state.get()
    const content = typeof piece === 'string' ? { text: piece } : { items: piece }
    try {
      const stored = await this.#ports.append({ ...this.#named(), offset, ...content })
      this.#silent = false
      this.#stored(stored.offset)
    } catch (thrown) {
      const error = asCrosstalkError(thrown)
      const ahead = error.offset === null ? -1 : error.offset - offset
      // An append was stored whose answer was lost, together with the one before: go on after it.
      if (error.code === 'wrong_offset' && ahead > 0 && ahead <= this.#queue.length)
        this.#stored(offset + ahead)
      else this.#over({ state: 'lost', error })
    }
  }

  #stored(offset: number): void {
    const { state, offset: before } = this.state.get()
    if (state !== 'open') return
    this.#queue = this.#queue.slice(offset - before)
    this.#tell({ offset, queued: this.#queue.length })
  }

  /** What goes out next. Half a surrogate pair waits for its other half. */
  #next(): Content {
    if (this.state.get().state !== 'open') return ''
    if (typeof this.#queue !== 'string') return itemsAtMost(this.#queue, ITEMS_AT_MOST, TEXT_AT_MOST)
    const piece = this.#queue.slice(0, TEXT_AT_MOST)
    const last = piece.charCodeAt(piece.length - 1)
    return last >= 0xd800 && last <= 0xdbff ? piece.slice(0, -1) : piece
  }

  async #renew(): Promise<void> {
    const silent = this.#silent
    this.#silent = true
    if (!silent || this.#sending) return
    try {
      await this.#ports.renew(this.#named())
    } catch (thrown) {
      const error = asCrosstalkError(thrown)
      if (!error.passing) this.#over({ state: 'lost', error })
    }
  }

  #named(): { stream_id: string; lease: number } {
    return { stream_id: this.streamId, lease: this.#lease.lease }
  }

  #over(change: Partial<ProducerState>): void {
    clearInterval(this.#renewal)
    if (this.state.get().state !== 'open') return
    this.#tell(change)
    const error = change.error
    if (error) for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  #tell(change: Partial<ProducerState>): void {
    this.state.set({ ...this.state.get(), ...change })
  }
}

/** As many items as one piece may have, in number and in length of their JSON; always at least one. */
function itemsAtMost(items: readonly unknown[], number: number, length: number): unknown[] {
  let size = 0
  let end = 0
  while (end < items.length && end < number) {
    size += JSON.stringify(items[end]).length + 1
    if (end > 0 && size > length) break
    end += 1
  }
  return items.slice(0, end)
}

function lost(): CrosstalkError {
  return new CrosstalkError({ code: 'stale_lease', message: 'This stream is not written here any more.' })
}
