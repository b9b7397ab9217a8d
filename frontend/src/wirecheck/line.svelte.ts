import { Manager, type Socket } from 'socket.io-client'
import { addressOf } from '../client/address'
import { Log } from './log'
import { namespaces, type Transport } from './rows'
import { isRecord } from './rows/values'
import { findOutWhy, type Why } from './why'

export interface Who {
  readonly sid: string
  readonly transport: string
  readonly origin: string | null
  readonly server: string
  readonly async_mode: string
}

const ACK_WITHIN_MS = 10_000
const HOME = '/'

type Listener = (event: string, args: readonly unknown[]) => void

/** The connection that one plays with: it comes back by itself, and its log has everything that it carries. */
export class Line {
  phase = $state<'connecting' | 'connected' | 'lost'>('connecting')
  transport = $state<string | null>(null)
  who = $state.raw<Who | null>(null)
  latency = $state<number | null>(null)
  why = $state.raw<Why | null>(null)
  asking = $state(false)
  readonly #manager: Manager
  readonly #sockets: Record<string, Socket> = {}
  #listeners: readonly Listener[] = []
  #closed = false

  constructor(
    readonly api: string,
    transport: Transport,
    readonly log: Log,
  ) {
    const { origin, socketPath } = addressOf(api)
    this.#manager = new Manager(origin, {
      path: socketPath,
      autoConnect: false,
      transports: transport === 'upgrade' ? ['polling', 'websocket'] : [transport],
    })
    this.#manager.on('open', () => this.#opened())
    this.#manager.on('close', () => (this.transport = null))
    for (const namespace of namespaces) this.#enter(namespace, {})
  }

  /** Sends it, and returns the ack's arguments to `acked` when one is wanted. What cannot be sent throws. */
  send(namespace: string, event: string, args: readonly unknown[], acked?: (args: unknown[]) => void): void {
    const socket = this.#sockets[namespace] ?? this.#enter(namespace, {})
    this.log.add({ direction: 'out', namespace, event, args })
    if (!acked) {
      socket.emit(event, ...args)
      return
    }
    const began = performance.now()
    const timed = socket.timeout(ACK_WITHIN_MS) as unknown as Pick<Socket, 'emit'>
    timed.emit(event, ...args, (failure: Error | null, ...answer: unknown[]) => {
      if (this.#closed) return
      const ms = Math.round(performance.now() - began)
      const told = failure ? [failure.message] : answer
      const direction = failure ? 'note' : 'in'
      this.log.add({ direction, namespace, event, args: told, ack: { ms } })
      if (!failure) acked(answer)
    })
  }

  /** Enters a namespace, or enters it anew with another `auth`. */
  enter(namespace: string, auth: Readonly<Record<string, unknown>>): void {
    const known = this.#sockets[namespace]
    known?.removeAllListeners().offAny().disconnect()
    this.#enter(namespace, auth)
  }

  /** Everything that comes in one of the two namespaces of the wire check. */
  listen(listener: Listener): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => (this.#listeners = this.#listeners.filter((one) => one !== listener))
  }

  close(): void {
    this.#closed = true
    for (const socket of Object.values(this.#sockets)) socket.removeAllListeners().offAny().disconnect()
  }

  #enter(namespace: string, auth: Readonly<Record<string, unknown>>): Socket {
    const socket = this.#manager.socket(namespace, { auth: { ...auth } })
    socket.auth = { ...auth }
    this.#sockets[namespace] = socket
    const note = (event: string, ...args: unknown[]) =>
      this.log.add({ direction: 'note', namespace, event, args })
    socket.on('connect', () => {
      note('connect', socket.id)
      if (namespace === HOME) this.#arrived()
    })
    socket.on('disconnect', (reason) => {
      note('disconnect', reason)
      if (namespace === HOME) this.#lost()
    })
    socket.on('connect_error', (error: Error & { data?: unknown; description?: unknown }) => {
      const more =
        typeof error.description === 'number' && error.description > 0
          ? [`HTTP ${String(error.description)}`]
          : []
      note('connect_error', error.message, ...(error.data === undefined ? more : [error.data]))
      if (namespace === HOME) this.#refused(error.message)
    })
    socket.onAny((event: string, ...args: unknown[]) => this.#heard(namespace, event, args))
    socket.connect()
    return socket
  }

  #heard(namespace: string, event: string, all: readonly unknown[]): void {
    const args = all.filter((one) => typeof one !== 'function')
    this.log.add({ direction: 'in', namespace, event, args })
    for (const listener of this.#listeners) listener(event, args)
    const ack = all.find((one) => typeof one === 'function')
    if (!ack) return
    // The server wants to know that it came: it gets back what it sent.
    ;(ack as (...args: unknown[]) => void)(...args)
    this.log.add({ direction: 'out', namespace, event, args, ack: {} })
  }

  #opened(): void {
    const { engine } = this.#manager
    this.transport = engine.transport.name
    engine.on('upgrade', ({ name }) => {
      this.transport = name
      this.log.add({ direction: 'note', namespace: '', event: 'upgrade', args: [name] })
      this.ask()
    })
  }

  #arrived(): void {
    this.phase = 'connected'
    this.why = null
    this.ask()
  }

  /** Asks who this is; not logged, because nobody but the page wants to know. */
  ask(): void {
    const began = performance.now()
    this.#sockets[HOME]?.emit('whoami', (who: unknown) => {
      this.latency = Math.round(performance.now() - began)
      if (isRecord(who) && 'sid' in who) this.who = who as unknown as Who
    })
  }

  #lost(): void {
    this.phase = this.#sockets[HOME]?.active ? 'connecting' : 'lost'
    this.who = null
    this.latency = null
  }

  #refused(said: string): void {
    this.#lost()
    this.phase = 'lost'
    if (this.asking) return
    this.asking = true
    void findOutWhy(this.api, window.origin, said).then((why) => {
      this.asking = false
      if (this.phase !== 'connected') this.why = why
    })
  }
}
