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

/**
 * A store that cannot fail: what the device refuses (no room left, a private window) is kept in memory, where it
 * is sent all the same as long as the page lives.
 */
export function withMemory(store: OutboxStore): OutboxStore {
  const memory = memoryOutboxStore()
  /** What the device would not let go of: never sent again. */
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
