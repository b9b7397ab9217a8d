import type { StoredSession, TokenStore } from '../../client'
import { stored } from '../../ui/stored'

const KEY = 'crosstalk.session'
const DEVICE_KEY = 'crosstalk.device'

/** The session, shared by all tabs of the page. Where the browser refuses storage, it lasts as long as the tab. */
export function localTokenStore(): TokenStore {
  return {
    load: () => parsed(stored.get(KEY)),
    save: (session) => void stored.set(KEY, JSON.stringify(session)),
    clear: () => stored.remove(KEY),
    loadDevice: () => stored.get(DEVICE_KEY),
    saveDevice: (token) => void stored.set(DEVICE_KEY, token),
    subscribe: (listener) => stored.subscribe(KEY, (value) => listener(parsed(value))),
  }
}

function parsed(text: string | null): StoredSession | null {
  if (!text) return null
  try {
    const session = JSON.parse(text) as Partial<StoredSession> | null
    const whole = session?.access_token && session.refresh_token && session.user
    return whole ? (session as StoredSession) : null
  } catch {
    // Not ours, or half written: the same as signed out.
    return null
  }
}
