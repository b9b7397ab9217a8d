import { type IDBPDatabase, openDB } from 'idb'
import type { Unsubscribe } from './observable.ts'
import type { OutboxEntry, OutboxStore } from './outbox-store.ts'

const STORE = 'entries'

interface Row {
  /** Counted up by IndexedDB: the order over all tabs. */
  order?: number
  client_id: string
  entry: OutboxEntry
}

/** Survives reloads; tabs of one origin share it and hear of each other's changes. */
export function indexedDbOutboxStore(name = 'crosstalk-outbox'): OutboxStore {
  let opened: Promise<IDBPDatabase> | null = null
  const database = (): Promise<IDBPDatabase> => {
    opened ??= openDB(name, 1, {
      upgrade(db) {
        const store = db.createObjectStore(STORE, { keyPath: 'order', autoIncrement: true })
        store.createIndex('client_id', 'client_id', { unique: true })
      },
      // A later version in another tab, or a browser that closed it: open it anew at the next use.
      blocking: (_current, _blocked, event) => {
        opened = null
        ;(event.target as IDBDatabase).close()
      },
      terminated: () => void (opened = null),
    }).catch((refused: unknown) => {
      // Refused now is not refused for ever.
      opened = null
      throw refused
    })
    return opened
  }
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name)

  return {
    async all() {
      const rows = (await (await database()).getAll(STORE)) as Row[]
      return rows.map((row) => row.entry)
    },
    async put(entry) {
      const tx = (await database()).transaction(STORE, 'readwrite', { durability: 'strict' })
      const known = (await tx.store.index('client_id').get(entry.client_id)) as Row | undefined
      await tx.store.put({ ...known, client_id: entry.client_id, entry })
      await tx.done
      channel?.postMessage(null)
    },
    async remove(clientId) {
      const tx = (await database()).transaction(STORE, 'readwrite')
      const key = await tx.store.index('client_id').getKey(clientId)
      if (key !== undefined) await tx.store.delete(key)
      await tx.done
      channel?.postMessage(null)
    },
    subscribe(listener): Unsubscribe {
      channel?.addEventListener('message', listener)
      return () => channel?.removeEventListener('message', listener)
    },
  }
}
