/**
 * Small values that outlive a reload, in localStorage. Nothing here throws: where the browser refuses storage (cookies
 * blocked, a sandboxed frame) or has no room left, the values live in memory as long as the tab.
 *
 * The one place of the page that touches localStorage; a lint rule keeps it so.
 */
const memory = new Map<string, string | null>()

function storage(): Storage | null {
  try {
    return localStorage
  } catch {
    // SecurityError: the browser refuses even to name it.
    return null
  }
}

export const stored = {
  /** The value of a key; what memory holds wins, since storage refused it. */
  get(key: string): string | null {
    const kept = memory.get(key)
    if (kept !== undefined) return kept
    try {
      return storage()?.getItem(key) ?? null
    } catch {
      return null
    }
  },

  /** Whether the value is in storage, and not in memory alone. */
  set(key: string, value: string): boolean {
    try {
      const device = storage()
      if (device) {
        device.setItem(key, value)
        memory.delete(key)
        return true
      }
    } catch {
      // QuotaExceededError: memory takes it.
    }
    memory.set(key, value)
    return false
  },

  remove(key: string): void {
    memory.delete(key)
    try {
      storage()?.removeItem(key)
    } catch {
      // An old value that cannot be removed must not come back.
      memory.set(key, null)
    }
  },

  /** The keys with this prefix. */
  keys(prefix: string): string[] {
    const found = new Set<string>()
    try {
      const device = storage()
      for (let i = 0; device && i < device.length; i++) found.add(device.key(i) ?? '')
    } catch {
      // Memory alone, then.
    }
    for (const [key, value] of memory) {
      if (value === null) found.delete(key)
      else found.add(key)
    }
    return [...found].filter((key) => key.startsWith(prefix))
  },

  /** Whether values outlive this tab, tried once with a value of its own. */
  outlivesTheTab(): boolean {
    const key = 'crosstalk.probe'
    const kept = stored.set(key, '1')
    stored.remove(key)
    return kept
  },

  /** Calls with the new value when another tab changes the key. Returns the function that ends it. */
  subscribe(key: string, listener: (value: string | null) => void): () => void {
    const changed = (event: StorageEvent) => {
      // A null key: everything was cleared.
      if (event.key === key || event.key === null) listener(event.newValue)
    }
    addEventListener('storage', changed)
    return () => removeEventListener('storage', changed)
  },
}
