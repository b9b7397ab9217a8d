import type { Session as SessionResource, User } from './contract/schemas.ts'
import type { Unsubscribe } from './observable.ts'

export interface StoredSession {
  readonly access_token: string
  readonly refresh_token: string
  /** By this device's clock, ms since 1970. A wrong clock costs one more refresh, nothing else. */
  readonly expires_at: number
  readonly user: User
}

/** Where tokens live between reloads. In a page: localStorage and its `storage` event, so that tabs follow each other. */
export interface TokenStore {
  load(): StoredSession | null | Promise<StoredSession | null>
  save(session: StoredSession): void | Promise<void>
  clear(): void | Promise<void>
  /** The device token of the last account here. `clear` leaves it: it opens nothing, but lets this device sign in while others guess. */
  loadDevice?(): string | null | Promise<string | null>
  saveDevice?(token: string): void | Promise<void>
  /** Calls when another tab saved or cleared; not for what this one did. */
  subscribe?(listener: (session: StoredSession | null) => void): Unsubscribe
}

export function memoryTokenStore(session: StoredSession | null = null): TokenStore {
  let device: string | null = null
  return {
    load: () => session,
    save: (saved) => void (session = saved),
    clear: () => void (session = null),
    loadDevice: () => device,
    saveDevice: (token) => void (device = token),
  }
}

export function storedSession(session: SessionResource): StoredSession {
  const { access_token, refresh_token, user } = session
  return { access_token, refresh_token, user, expires_at: Date.now() + session.expires_in * 1000 }
}
