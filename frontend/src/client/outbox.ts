import type { Message } from './contract/schemas.ts'
import { asCrosstalkError, type CrosstalkError } from './errors.ts'
import { newId } from './new-id.ts'
import { type Unsubscribe, Value } from './observable.ts'
import { type OutboxEntry, type OutboxStore, withMemory } from './outbox-store.ts'
import { pauseMs } from './pauses.ts'
import type { Lock, Outbox as OutboxSurface } from './surface.ts'

const PAUSES = { firstMs: 500, mostMs: 30_000 }
/** A fault of the server may pass as well, but not for ever. */
const FAULTS_AT_MOST = 3

export interface OutboxPorts {
  send(entry: OutboxEntry): Promise<Message>
  /** The server has stored it; told before the entry goes. */
  sent(entry: OutboxEntry, message: Message): void
  online(): boolean
  random: () => number
  lock: Lock
}

interface Lane {
  sending: boolean
  /** Whether something came in while it was sending. */
  again: boolean
  failures: number
  /** The pause after a failure. */
  timer: ReturnType<typeof setTimeout> | null
}

/**
 * Sends on their way. The store is the truth: an entry is in it before it is sent and until the server has it.
 * One lane a room, one entry at a time, over all tabs by the lock; should two tabs send the same one all the
 * same, the server knows it again by its client_id.
 */
export class Outbox implements OutboxSurface {
  readonly entries = new Value<readonly OutboxEntry[]>([])
  readonly #store: OutboxStore
  readonly #ports: OutboxPorts
  readonly #lanes = new Map<string, Lane>()
  /** Entries that the store may not have yet, and those that it may still have. */
  readonly #putting = new Set<string>()
  readonly #removing = new Set<string>()
  #userId: string | null = null
  #unsubscribe: Unsubscribe | undefined

  constructor(store: OutboxStore, ports: OutboxPorts) {
    this.#store = withMemory(store)
    this.#ports = ports
  }

  async start(userId: string): Promise<void> {
    this.stop()
    this.#userId = userId
    this.#unsubscribe = this.#store.subscribe?.(() => void this.#reload())
    await this.#reload()
  }

  stop(): void {
    this.#userId = null
    this.#unsubscribe?.()
    for (const lane of this.#lanes.values()) endPause(lane)
    this.#lanes.clear()
    this.entries.set([])
  }

  async add(entry: OutboxEntry): Promise<OutboxEntry> {
    this.#putting.add(entry.client_id)
    this.entries.set([...this.entries.get(), entry])
    await this.#store.put(entry)
    this.#putting.delete(entry.client_id)
    this.#wake(entry.room_id)
    return entry
  }

  async retry(clientId: string): Promise<void> {
    const entry = this.#find(clientId)
    if (entry === undefined || entry.state !== 'failed') return
    if (entry.error?.code === 'conflict') {
      // This name is taken for ever; the text deserves another.
      await this.discard(clientId)
      await this.add({ ...entry, client_id: newId(), state: 'pending', error: null })
    } else {
      await this.#replace({ ...entry, state: 'pending', error: null })
      const lane = this.#lanes.get(entry.room_id)
      if (lane !== undefined) endPause(lane)
      this.#wake(entry.room_id)
    }
  }

  async discard(clientId: string): Promise<void> {
    this.#removing.add(clientId)
    this.entries.set(this.entries.get().filter((entry) => entry.client_id !== clientId))
    await this.#store.remove(clientId)
    this.#removing.delete(clientId)
  }

  /** A message of mine was seen in the log: whatever became of its ack, it is sent. */
  async seen(message: Message): Promise<void> {
    const entry = this.#find(message.client_id)
    if (entry === undefined || entry.user_id !== message.author.id) return
    this.#ports.sent(entry, message)
    await this.discard(entry.client_id)
  }

  /** The person has signed out: the next one on this device must not find what was not sent. */
  async forget(userId: string): Promise<void> {
    for (const { client_id } of await this.#mine(userId)) await this.discard(client_id)
  }

  /** The connection is back. */
  wakeAll(): void {
    for (const lane of this.#lanes.values()) {
      lane.failures = 0
      endPause(lane)
    }
    this.#wakeRested()
  }

  #wakeRested(): void {
    for (const roomId of new Set(this.entries.get().map((entry) => entry.room_id))) this.#wake(roomId)
  }

  /** A lane in its pause sleeps on: what failed a moment ago would fail again. */
  #wake(roomId: string): void {
    const lane = this.#lanes.get(roomId) ?? { sending: false, again: false, failures: 0, timer: null }
    this.#lanes.set(roomId, lane)
    if (lane.sending) lane.again = true
    else if (lane.timer === null) void this.#drain(roomId, lane)
  }

  async #drain(roomId: string, lane: Lane): Promise<void> {
    const userId = this.#userId
    if (userId === null || !this.#ports.online()) return
    lane.sending = true
    lane.again = false
    let failure: CrosstalkError | null
    try {
      failure = await this.#ports.lock(`crosstalk-outbox-${userId}-${roomId}`, () =>
        this.#sendAll(userId, roomId, lane),
      )
    } finally {
      lane.sending = false
    }
    if (userId !== this.#userId) return
    if (failure !== null) {
      lane.failures += 1
      const pause = Math.max(
        pauseMs(lane.failures, this.#ports.random, PAUSES),
        (failure.retryAfter ?? 0) * 1000,
      )
      lane.timer = setTimeout(() => {
        lane.timer = null
        this.#wake(roomId)
      }, pause)
    } else if (lane.again) {
      this.#wake(roomId)
    }
  }

  /** Until the lane is empty, the connection gone, or a failure that passes. */
  async #sendAll(userId: string, roomId: string, lane: Lane): Promise<CrosstalkError | null> {
    while (userId === this.#userId && this.#ports.online()) {
      const entry = (await this.#mine(userId)).find(
        (one) => one.room_id === roomId && one.state === 'pending',
      )
      if (entry === undefined) return null
      try {
        const message = await this.#ports.send(entry)
        lane.failures = 0
        this.#ports.sent(entry, message)
        await this.discard(entry.client_id)
      } catch (thrown) {
        const error = asCrosstalkError(thrown)
        const sent = !(await this.#mine(userId)).some((one) => one.client_id === entry.client_id)
        if (sent) continue
        if (error.passing || (error.code === 'internal' && lane.failures < FAULTS_AT_MOST)) return error
        if (error.code === 'unauthenticated') return null
        await this.#replace({
          ...entry,
          state: 'failed',
          error: { code: error.code, message: error.message },
        })
      }
    }
    return null
  }

  async #mine(userId: string): Promise<OutboxEntry[]> {
    const stored = await this.#store.all()
    return stored.filter((entry) => entry.user_id === userId && !this.#removing.has(entry.client_id))
  }

  async #reload(): Promise<void> {
    const userId = this.#userId
    if (userId === null) return
    const stored = await this.#mine(userId)
    if (userId !== this.#userId) return
    const known = new Map(this.entries.get().map((entry) => [entry.client_id, entry]))
    const kept = stored.map((entry) => {
      const before = known.get(entry.client_id)
      return before?.state === entry.state ? before : entry
    })
    const ids = new Set(stored.map((entry) => entry.client_id))
    const onTheirWay = [...known.values()].filter(
      ({ client_id }) => this.#putting.has(client_id) && !ids.has(client_id),
    )
    this.entries.set([...kept, ...onTheirWay])
    this.#wakeRested()
  }

  async #replace(entry: OutboxEntry): Promise<void> {
    this.entries.set(this.entries.get().map((known) => (known.client_id === entry.client_id ? entry : known)))
    await this.#store.put(entry)
  }

  #find(clientId: string): OutboxEntry | undefined {
    return this.entries.get().find((entry) => entry.client_id === clientId)
  }
}

function endPause(lane: Lane): void {
  if (lane.timer !== null) clearTimeout(lane.timer)
  lane.timer = null
}
