import type { Session as SessionResource, User } from './contract/schemas.ts'
import { CrosstalkError, asCrosstalkError } from './errors.ts'
import type { Http } from './http.ts'
import { type Unsubscribe, Value } from './observable.ts'
import type { Lock, Session as SessionSurface, SessionState } from './surface.ts'
import { storedSession, type StoredSession, type TokenStore } from './tokens.ts'

/** A token that expires sooner than this is refreshed before it is used. */
const MARGIN_MS = 15_000
const SIGNED_OUT: SessionState = { state: 'signed-out', user: null, reason: null }

/** Who one is, and a token that works. Refreshes one at a time, over all tabs; what was rotated is stored before it is used. */
export class Session implements SessionSurface {
  readonly #state = new Value<SessionState>(SIGNED_OUT)
  readonly #http: Http
  readonly #store: TokenStore
  readonly #lock: Lock
  #current: StoredSession | null = null
  #refreshing: Promise<string> | null = null
  #unsubscribe: Unsubscribe | undefined

  constructor(http: Http, store: TokenStore, lock: Lock) {
    this.#http = http
    this.#store = store
    this.#lock = lock
  }

  get(): SessionState {
    return this.#state.get()
  }

  subscribe(listener: (state: SessionState) => void): Unsubscribe {
    return this.#state.subscribe(listener)
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#store.subscribe?.((stored) => this.#follow(stored))
    this.#follow(await this.#store.load())
  }

  close(): void {
    this.#unsubscribe?.()
  }

  enterAsGuest(name: string): Promise<User> {
    return this.#begin(this.#http('POST /api/guests', { body: { name } }))
  }

  signUp(name: string, password: string): Promise<User> {
    return this.#begin(this.#http('POST /api/accounts', { body: { name, password } }))
  }

  async signIn(name: string, password: string): Promise<User> {
    const device = await this.#store.loadDevice?.()
    const body = { name, password, ...(device && { device_token: device }) }
    return this.#begin(this.#http('POST /api/sessions', { body }))
  }

  async signOut(): Promise<void> {
    const session = this.#current
    if (session === null) return this.#set(SIGNED_OUT)
    await this.#forget(session, SIGNED_OUT)
    try {
      await this.#http('DELETE /api/sessions/current', {}, session.access_token)
    } catch (thrown) {
      // Signed out here all the same: without its tokens the session dies by age.
      if (!(thrown instanceof CrosstalkError)) throw thrown
    }
  }

  /** A token good for some seconds at least. */
  async token(): Promise<string> {
    const session = this.#current
    if (session === null) throw signedOut()
    return session.expires_at - Date.now() > MARGIN_MS
      ? session.access_token
      : this.refreshed(session.access_token)
  }

  /** Another token than this one, which the server refused or will soon. */
  async refreshed(stale: string): Promise<string> {
    if (this.#current !== null && this.#current.access_token !== stale) return this.#current.access_token
    const known = this.#current?.refresh_token
    this.#refreshing ??= this.#lock('crosstalk-session', () => this.#refresh(known)).finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  /** The server has ended the session for good. Returns whether that is so: another tab may hold a newer one. */
  async ended(reason: string): Promise<boolean> {
    const session = this.#current
    if (session === null) return true
    const stored = await this.#store.load()
    if (stored !== null && stored.refresh_token !== session.refresh_token) {
      this.#follow(stored)
      return false
    }
    await this.#forget(session, { state: 'ended', user: session.user, reason })
    return true
  }

  async #begin(answer: Promise<SessionResource>): Promise<User> {
    const session = await this.#received(await answer)
    await this.#store.save(session)
    this.#follow(session)
    return session.user
  }

  async #received(answer: SessionResource): Promise<StoredSession> {
    if (answer.device_token) await this.#store.saveDevice?.(answer.device_token)
    return storedSession(answer)
  }

  async #refresh(known: string | undefined): Promise<string> {
    const stored = await this.#store.load()
    // Signed out here, or in another tab.
    if (this.#current === null) throw signedOut()
    if (stored === null) {
      this.#follow(null)
      throw signedOut()
    }
    if (stored.refresh_token !== known) {
      // Another tab was faster: its refresh token is the one that is good.
      this.#follow(stored)
      return stored.access_token
    }
    const answer = await this.#exchange(stored.refresh_token)
    const next = answer && (await this.#received(answer))
    const latest = await this.#store.load()
    // Signed out meanwhile: do not come back to life.
    if (this.#current?.user.id !== stored.user.id) throw signedOut()
    if (latest?.user.id !== stored.user.id) {
      this.#follow(latest)
      throw signedOut()
    }
    // Without a lock between tabs another one may have stored the same successor, or a later one: that one stays.
    const replaced = latest.refresh_token !== stored.refresh_token
    const session = next === null || replaced ? latest : next
    if (!replaced) await this.#store.save(session)
    this.#follow(session)
    return session.access_token
  }

  /** The successor's session, or null when the token was refused but another tab holds a newer one. */
  async #exchange(refresh_token: string): Promise<SessionResource | null> {
    try {
      return await this.#http('POST /api/sessions/refresh', { body: { refresh_token } })
    } catch (thrown) {
      const error = asCrosstalkError(thrown)
      if (REFUSED.has(error.code) && this.#current?.refresh_token === refresh_token) {
        if (!(await this.ended(error.code))) return null
      }
      throw error
    }
  }

  /** Takes over what is stored, whoever stored it. */
  #follow(stored: StoredSession | null): void {
    // That its tokens are cleared does not change why a session ended.
    if (stored === null && this.#current === null && this.#state.get().state === 'ended') return
    this.#current = stored
    this.#set(stored === null ? SIGNED_OUT : { state: 'signed-in', user: stored.user, reason: null })
  }

  async #forget(session: StoredSession, state: SessionState): Promise<void> {
    this.#current = null
    // Another tab may have signed somebody else in: that session is not ours to clear.
    const stored = await this.#store.load()
    if (stored === null || stored.user.id === session.user.id) await this.#store.clear()
    if (this.#current === null) this.#set(state)
  }

  #set(state: SessionState): void {
    const known = this.#state.get()
    const same =
      known.state === state.state && known.user?.id === state.user?.id && known.reason === state.reason
    if (!same) this.#state.set(state)
  }
}

const REFUSED: ReadonlySet<string> = new Set([
  'unauthenticated',
  'token_expired',
  'invalid',
  'not_found',
  'forbidden',
])

function signedOut(): CrosstalkError {
  return new CrosstalkError({ code: 'unauthenticated', message: 'Nobody is signed in.' })
}
