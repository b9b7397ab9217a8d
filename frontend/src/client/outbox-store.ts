import type { ErrorCode } from './errors.ts'
import type { Unsubscribe } from './observable.ts'

/** A send that the room's log has not confirmed yet. Plain data: IndexedDB copies it. */
export interface OutboxEntry {
  /** Names this send for ever; the server knows it again by it. */
  readonly client_id: string
  readonly user_id: string
  readonly room_id: string
  readonly kind: 'text' | 'json'
  readonly text: string | null
  readonly data: unknown
  readonly created_at: string
  readonly state: 'pending' | 'failed'
  /** Of `failed`: the refusal. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | null
}

/** Keeps entries in the order in which they were first put, over all tabs. */
export interface OutboxStore {
  all(): Promise<OutboxEntry[]>
  /** Adds at the end, or replaces the entry with the same client_id in its place. */
  put(entry: OutboxEntry): Promise<void>
  remove(clientId: string): Promise<void>
  /** Calls when another tab changed something. */
  subscribe?(listener: () => void): Unsubscribe
}

/** For Node and for tests: lives as long as the process. */
export function memoryOutboxStore(): OutboxStore {
  const entries = new Map<string, OutboxEntry>()
  return {
    all: async () => [...entries.values()],
    put: async (entry) => void entries.set(entry.client_id, entry),
    remove: async (clientId) => void entries.delete(clientId),
  }
}

/** A store that has not answered after this time is treated as one that refuses. */
const ANSWER_MS = 2_000

/**
 * A store that cannot fail: an entry that the device refuses (no room left, a private window), or does not answer for, is
 * kept in memory, and is sent from there as long as the page lives.
 */
export function withMemory(device: OutboxStore, answerMs = ANSWER_MS): OutboxStore {
  const store = answering(device, answerMs)
  const memory = memoryOutboxStore()
  /** Entries that the device could not remove: never sent again. */
  const gone = new Set<string>()
  return {
    async all() {
      const stored = await store.all().catch(() => [])
      const kept = await memory.all()
      const hidden = new Set([...gone, ...kept.map((entry) => entry.client_id)])
      return [...stored.filter((entry) => !hidden.has(entry.client_id)), ...kept]
    },
    put: (entry) => store.put(entry).catch(() => memory.put(entry)),
    async remove(clientId) {
      await memory.remove(clientId)
      await store.remove(clientId).catch(() => gone.add(clientId))
    },
    subscribe: (listener) => store.subscribe?.(listener) ?? (() => undefined),
  }
}

/** The same store, whose calls fail when they take too long: IndexedDB may never answer (WebKit bug 226547). */
function answering(
  store: OutboxStore,
  withinMs: number,
): Required<Pick<OutboxStore, 'all' | 'put' | 'remove'>> & Pick<OutboxStore, 'subscribe'> {
  const limited = <T>(work: Promise<T>): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the store does not answer')), withinMs)
    })
    return Promise.race([work, late]).finally(() => clearTimeout(timer))
  }
  return {
    all: () => limited(store.all()),
    put: (entry) => limited(store.put(entry)),
    remove: (clientId) => limited(store.remove(clientId)),
    ...(store.subscribe && {
      subscribe: (listener: () => void) => store.subscribe?.(listener) ?? (() => undefined),
    }),
  }
}
