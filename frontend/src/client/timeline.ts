import type { Message, History, User } from './contract/schemas.ts'
import { asCrosstalkError, CrosstalkError } from './errors.ts'
import { Value } from './observable.ts'
import type { OutboxEntry } from './outbox-store.ts'
import type { Timeline as TimelineSurface, TimelineItem } from './surface.ts'

type Sent = TimelineItem & { readonly message: Message }
type FetchPage = (before: number | null, limit: number) => Promise<History>

const PAGE = 50

function keyOf(authorId: string, clientId: string): string {
  return `${authorId}:${clientId}`
}

function sentItem(message: Message): Sent {
  const { author, kind, text, data, created_at } = message
  const key = keyOf(author.id, message.client_id)
  return { key, state: 'sent', author, kind, text, data, created_at, message, entry: null, error: null }
}

function waitingItem(entry: OutboxEntry, author: User): TimelineItem {
  const { kind, text, data, created_at, state } = entry
  const error = entry.error === null ? null : new CrosstalkError(entry.error)
  return {
    key: keyOf(author.id, entry.client_id),
    state,
    author,
    kind,
    text,
    data,
    created_at,
    message: null,
    entry,
    error,
  }
}

/**
 * Two parts: `#log`, messages by seq without gaps up to the room's position, and `#tail`, one's own that are on
 * their way. A send that was acked stays in the tail until the log reaches it, so that order is never guessed.
 */
export class Timeline implements TimelineSurface {
  readonly version = new Value(0)
  readonly older = new Value({ more: false, loading: false, error: null as CrosstalkError | null })
  readonly #fetchPage: FetchPage
  #log: Sent[] = []
  #tail: TimelineItem[] = []
  readonly #byId = new Map<string, Sent>()
  readonly #byKey = new Map<string, Sent>()
  /** Changes of messages before the first one, told while a page of them is on its way: the page may be older. */
  readonly #strays = new Map<string, Message>()
  #loading: Promise<number> | null = null
  /** Grows when the first message stops being what a page on its way was asked for. */
  #generation = 0
  #batched = 0
  #changed = false

  constructor(fetchPage: FetchPage) {
    this.#fetchPage = fetchPage
  }

  get length(): number {
    return this.#log.length + this.#tail.length
  }

  at(index: number): TimelineItem | undefined {
    return index < this.#log.length ? this.#log[index] : this.#tail[index - this.#log.length]
  }

  slice(start = 0, end = this.length): TimelineItem[] {
    const logged: TimelineItem[] = this.#log.slice(start, end)
    const shift = this.#log.length
    return logged.concat(this.#tail.slice(Math.max(0, start - shift), Math.max(0, end - shift)))
  }

  indexOfSeq(seq: number): number {
    let low = 0
    let high = this.#log.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#log[middle]?.message.seq ?? Infinity) < seq) low = middle + 1
      else high = middle
    }
    return low === this.#log.length ? this.length : low
  }

  indexOfKey(key: string): number {
    const sent = this.#byKey.get(key)
    if (sent !== undefined) return this.indexOfSeq(sent.message.seq)
    const index = this.#tail.findIndex((item) => item.key === key)
    return index === -1 ? -1 : this.#log.length + index
  }

  message(id: string): Message | undefined {
    return this.#byId.get(id)?.message
  }

  /** Others' messages after `seq`; null when they are not all here. */
  othersAfter(seq: number, userId: string): number | null {
    const first = this.#log[0]
    if (this.older.get().more && (first === undefined || first.message.seq > seq + 1)) return null
    let count = 0
    for (let index = this.indexOfSeq(seq + 1); index < this.#log.length; index += 1) {
      if (this.#log[index]?.author.id !== userId) count += 1
    }
    return count
  }

  /** Tells of all changes within `work` at once. */
  batch(work: () => void): void {
    this.#batched += 1
    try {
      work()
    } finally {
      this.#batched -= 1
      if (this.#batched === 0 && this.#changed) {
        this.#changed = false
        this.version.set(this.version.get() + 1)
      }
    }
  }

  /** Puts a message where its seq says; an older state of one that is known is ignored. */
  upsert(message: Message): void {
    const known = this.#byId.get(message.id)
    if (known !== undefined) {
      if (known.message.changed_seq < message.changed_seq) {
        this.#store(sentItem(message), this.indexOfSeq(message.seq), 1)
      }
      return
    }
    if (this.#isBeforeFirst(message)) {
      if (this.#loading !== null) this.#strays.set(message.id, message)
      return
    }
    const index = this.indexOfSeq(message.seq)
    this.#store(sentItem(message), Math.min(index, this.#log.length), 0)
  }

  /** The server has stored a send of mine: it waits in the tail for the log to reach it. */
  settle(message: Message): void {
    const item = sentItem(message)
    if (this.#byKey.has(item.key)) return
    const index = this.#tail.findIndex((waiting) => waiting.key === item.key)
    if (index === -1) this.#tail.push(item)
    else this.#tail[index] = item
    this.#touch()
  }

  /** What the outbox holds for this room now. */
  setWaiting(entries: readonly OutboxEntry[], author: User): void {
    const settled = this.#tail.filter((item) => item.state === 'sent')
    const keys = new Set(settled.map((item) => item.key))
    const kept = new Map(this.#tail.map((item) => [item.entry, item]))
    const waiting = entries
      .map((entry) => kept.get(entry) ?? waitingItem(entry, author))
      .filter((item) => !keys.has(item.key) && !this.#byKey.has(item.key))
    const tail = [...settled, ...waiting]
    if (tail.length === this.#tail.length && tail.every((item, index) => item === this.#tail[index])) return
    this.#tail = tail
    this.#touch()
  }

  /** A snapshot: its newest page replaces what was here. */
  reset(page: History): void {
    this.batch(() => {
      this.#clearLog()
      for (const message of page.messages) this.upsert(message)
      this.older.set({ more: page.more, loading: false, error: null })
      this.#touch()
    })
  }

  async loadOlder(limit = PAGE): Promise<number> {
    if (this.#loading !== null) return this.#loading
    const first = this.#log[0]
    if (first === undefined || !this.older.get().more) return 0
    this.older.set({ more: true, loading: true, error: null })
    this.#loading = this.#loadBefore(first.message.seq, limit, this.#generation)
    try {
      return await this.#loading
    } finally {
      this.#loading = null
      this.#strays.clear()
    }
  }

  trim(keep = 100): void {
    if (this.#log.length <= keep) return
    this.#generation += 1
    for (const item of this.#log.splice(0, this.#log.length - keep)) {
      this.#byId.delete(item.message.id)
      this.#byKey.delete(item.key)
    }
    this.older.set({ more: true, loading: false, error: null })
    this.#touch()
  }

  async #loadBefore(before: number, limit: number, generation: number): Promise<number> {
    try {
      const page = await this.#fetchPage(before, limit)
      if (generation !== this.#generation) return 0
      const items = page.messages
        .filter((message) => message.seq < before)
        .map((message) => {
          const stray = this.#strays.get(message.id)
          return sentItem(stray !== undefined && stray.changed_seq > message.changed_seq ? stray : message)
        })
      this.batch(() => {
        this.#log = items.concat(this.#log)
        for (const item of items) this.#know(item)
        this.older.set({ more: page.more, loading: false, error: null })
        this.#touch()
      })
      return items.length
    } catch (thrown) {
      const error = asCrosstalkError(thrown)
      if (generation === this.#generation) this.older.set({ more: true, loading: false, error })
      throw error
    }
  }

  #isBeforeFirst(message: Message): boolean {
    const first = this.#log[0]
    return this.older.get().more && first !== undefined && message.seq < first.message.seq
  }

  #store(item: Sent, index: number, replaced: 0 | 1): void {
    this.#log.splice(index, replaced, item)
    this.#know(item)
    this.#touch()
  }

  #know(item: Sent): void {
    this.#byId.set(item.message.id, item)
    this.#byKey.set(item.key, item)
    const waiting = this.#tail.findIndex(({ key }) => key === item.key)
    if (waiting !== -1) this.#tail.splice(waiting, 1)
  }

  #clearLog(): void {
    this.#generation += 1
    this.#log = []
    this.#byId.clear()
    this.#byKey.clear()
    this.#strays.clear()
    this.older.set({ more: false, loading: false, error: null })
  }

  #touch(): void {
    this.batch(() => (this.#changed = true))
  }
}
