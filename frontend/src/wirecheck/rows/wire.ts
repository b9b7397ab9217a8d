import { Manager, type Socket } from 'socket.io-client'
import { addressOf } from '../../client/address.ts'
import { newId } from '../../client/new-id.ts'
import { Missing, Peer } from './peer.ts'
import { fitting } from './values.ts'

export const transports = ['polling', 'websocket', 'upgrade'] as const
export type Transport = (typeof transports)[number]

export const namespaces = ['/', '/test'] as const
export type Namespace = (typeof namespaces)[number]

export interface Target {
  /** Where the API is. */
  readonly url: string
  readonly transport: Transport
  /** The origin that the server sees: the page's own. Node has none unless it sends this one. */
  readonly origin: string | null
  /** Whether `origin` must be sent as a header, because no browser does it. */
  readonly sendOrigin?: boolean
  /** How long any one thing is waited for. */
  readonly timeoutMs?: number
}

/** Both namespaces over one connection to the server, and more connections where a row needs somebody else. */
export class Wire {
  readonly url: string
  readonly timeoutMs: number
  #manager: Manager
  readonly #shared = new Map<Namespace, Peer>()
  #visitors: Peer[] = []

  constructor(readonly target: Target) {
    this.url = target.url.replace(/\/+$/, '')
    this.timeoutMs = target.timeoutMs ?? 8_000
    this.#manager = this.#connection()
  }

  /** A text that nobody else in these open namespaces uses. */
  token(): string {
    return newId().slice(0, 18)
  }

  /** This client in a namespace. It stays from row to row, and comes again when it was cut. */
  async peer(namespace: Namespace): Promise<Peer> {
    const known = this.#shared.get(namespace)
    if (known?.connected) return known
    if (!this.#manager.engine?.readyState.startsWith('open')) {
      this.#shared.clear()
      this.#manager = this.#connection()
    }
    const peer = await this.#enter(this.#manager, namespace, {})
    // The rows are to be measured over the transport that was asked for.
    if (this.target.transport === 'upgrade') await this.upgraded(peer)
    this.#shared.set(namespace, peer)
    return this.#greeted(peer)
  }

  /** Somebody else, or this client once more: over a connection of its own, until the row is over. */
  async visitor(namespace: Namespace): Promise<Peer> {
    return this.#greeted(await this.newcomer(namespace, {}))
  }

  /** A visitor who has not been greeted yet. */
  async newcomer(namespace: Namespace, auth: object): Promise<Peer> {
    const peer = await this.#enter(this.#connection(), namespace, auth)
    this.#visitors.push(peer)
    return peer
  }

  /** A visitor in one more namespace, over the connection that it has. */
  async alsoIn(namespace: Namespace, visitor: Peer): Promise<Peer> {
    const peer = await this.#enter(visitor.socket.io, namespace, {})
    this.#visitors.push(peer)
    return this.#greeted(peer)
  }

  /** Whether it goes over to WebSocket in time. */
  async upgraded(peer: Peer): Promise<boolean> {
    const { engine } = peer.socket.io
    if (transportOf(peer) === 'websocket') return true
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), this.timeoutMs)
      engine.once('upgrade', () => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  async request(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      signal: AbortSignal.timeout(this.timeoutMs),
      headers: { ...this.#headers(), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const json = answer.headers.get('content-type')?.includes('json') === true && text !== ''
    return { status: answer.status, body: json ? (JSON.parse(text) as unknown) : text }
  }

  /** Between rows: what is said now belongs to nobody, and visitors go. */
  clear(): void {
    for (const peer of this.#shared.values()) peer.forget()
    for (const peer of this.#visitors.splice(0)) peer.leave()
  }

  close(): void {
    this.clear()
    for (const peer of this.#shared.values()) peer.leave()
    this.#shared.clear()
  }

  #headers(): Record<string, string> {
    const { origin, sendOrigin } = this.target
    return sendOrigin && origin !== null ? { Origin: origin } : {}
  }

  #connection(): Manager {
    const { origin, socketPath } = addressOf(this.url)
    return new Manager(origin, {
      path: socketPath,
      autoConnect: false,
      // A row that loses its connection has failed; coming back would hide it.
      reconnection: false,
      timeout: this.timeoutMs,
      transports: this.target.transport === 'upgrade' ? ['polling', 'websocket'] : [this.target.transport],
      ...(this.target.sendOrigin && { extraHeaders: this.#headers() }),
    })
  }

  /** The greeting is a `my response`, like most of what rows wait for: it must be out of the way. */
  async #greeted(peer: Peer): Promise<Peer> {
    await peer.hears('my response', (args) => fitting([{ data: 'Connected' }], args))
    return peer
  }

  async #enter(manager: Manager, namespace: Namespace, auth: object): Promise<Peer> {
    const socket = manager.socket(namespace, { auth: { ...auth } })
    const peer = new Peer(socket, this.timeoutMs)
    await connected(socket, this.timeoutMs)
    return peer
  }
}

export function transportOf(peer: Peer): string {
  // Between a loss and the next attempt there is no engine.
  return (peer.socket.io.engine as typeof peer.socket.io.engine | undefined)?.transport.name ?? 'none'
}

/** The server said no, or could not be reached. */
export class Refused extends Missing {
  constructor(readonly reason: string) {
    super(`connect_error: ${reason}`)
  }
}

function connected(socket: Socket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.disconnect()
      reject(new Missing(`no connection within ${String(timeoutMs / 1000)} s`))
    }, timeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.once('connect_error', (error: Error & { data?: unknown; description?: unknown }) => {
      clearTimeout(timer)
      socket.disconnect()
      // The status of the answer to a poll; 0 where there was none.
      const { description } = error
      const status =
        typeof description === 'number' && description > 0 ? ` (HTTP ${String(description)})` : ''
      reject(new Refused(error.message + status))
    })
    socket.connect()
  })
}
