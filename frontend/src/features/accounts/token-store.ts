import type { StoredSession, TokenStore } from '../../client'

const KEY = 'crosstalk.session'
const DEVICE_KEY = 'crosstalk.device'

/** The session in localStorage: it survives a reload, and all tabs of the page share it. */
export function localTokenStore(): TokenStore {
  return {
    load: () => parsed(localStorage.getItem(KEY)),
    save: (session) => localStorage.setItem(KEY, JSON.stringify(session)),
    clear: () => localStorage.removeItem(KEY),
    loadDevice: () => localStorage.getItem(DEVICE_KEY),
    saveDevice: (token) => localStorage.setItem(DEVICE_KEY, token),
    subscribe(listener) {
      const heard = (event: StorageEvent) => {
        // A null key: everything was cleared.
        if (event.key === KEY || event.key === null) listener(parsed(event.newValue))
      }
      addEventListener('storage', heard)
      return () => removeEventListener('storage', heard)
    },
  }
}

function parsed(text: string | null): StoredSession | null {
  if (!text) return null
  try {
    const session = JSON.parse(text) as Partial<StoredSession> | null
    const whole = session?.access_token && session.refresh_token && session.user
    return whole ? (session as StoredSession) : null
  } catch {
    // Not ours, or half written: as good as signed out.
    return null
  }
}
