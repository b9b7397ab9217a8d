import { io, type Socket } from 'socket.io-client'
import { addressOf } from './address.ts'
import type { ClientToServerEvents, ServerToClientEvents } from './contract/events.ts'
import { asCrosstalkError, bestEffort, CrosstalkError, errorOf, offline, timedOut } from './errors.ts'
import { until, Value } from './observable.ts'
import { pauseMs } from './pauses.ts'
import type { Credentials } from './api.ts'
import type { ClientOptions, ConnectionState } from './surface.ts'
import type { CommandInput, CommandName, CommandResult, Commands, EventName, EventPayload } from './wire.ts'

const PAUSES = { firstMs: 400, mostMs: 8_000 }
/** From the first byte to `session:ready`. */
const ATTEMPT_MS = 15_000
/** For a probe of a connection that may be dead. */
const PROBE_MS = 3_000
/** Of the reasons for which the server ends a connection for good, those that end the sign-in with it. */
const SESSION_OVER: ReadonlySet<string> = new Set(['signed_out', 'session_revoked'])
/** How much a new measurement of latency counts against those before. */
const SMOOTHING = 0.3

export interface ConnectionCredentials extends Credentials {
  /** The server has ended the session; false when another tab has a newer one. */
  ended(reason: string): Promise<boolean>
}

type ChatSocket = Socket<ServerToClientEvents, ClientToServerEvents>
type Ended = EventPayload<'session:ended'>

const AT_REST: ConnectionState = {
  phase: 'ended',
  transport: null,
  since: 0,
  latency_ms: null,
  attempt: 0,
  nextRetryAt: null,
  reason: null,
}

/**
 * The one socket. It is `online` from `session:ready` to the loss, and tries again by itself until `stop()`.
 * Nothing is ever queued in it: a command goes out now or fails as `offline`, so that none goes out twice.
 */
export class Connection implements Commands {
  readonly state = new Value<ConnectionState>(AT_REST)
  readonly #socket: ChatSocket
  readonly #credentials: ConnectionCredentials
  readonly #random: () => number
  readonly #commandTimeoutMs: number
  #running = false
  #token = ''
  /** The attempt that counts; what an older one still does is ignored. */
  #attempt = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #watchdog: ReturnType<typeof setTimeout> | undefined
  /** Why the server says it will close the transport. */
  #ended: Ended | null = null
  /** The token that this attempt was refused with: refused twice, it is not a matter of age. */
  #refreshedFor: string | null = null
  /** Packets received so far, over all attempts. */
  #packets = 0
  #latency: number | null = null
  #epoch = ''

  constructor(options: ClientOptions, credentials: ConnectionCredentials) {
    this.#credentials = credentials
    this.#random = options.random ?? Math.random
    this.#commandTimeoutMs = options.commandTimeoutMs ?? 10_000
    const { origin, socketPath } = addressOf(options.url)
    this.#socket = io(`${origin}/chat`, {
      path: socketPath,
      autoConnect: false,
      forceNew: true,
      // Its own reconnection knows neither tokens nor why the server closed.
      reconnection: false,
      timeout: ATTEMPT_MS,
      transports: [...(options.transports ?? ['polling', 'websocket'])],
      auth: (send) => send({ token: this.#token }),
    })
    this.#socket.on('connect_error', (error) => this.#refused(error))
    this.#socket.on('disconnect', (reason) => this.#lost(reason))
    this.#socket.on('session:ready', ({ epoch }) => this.#ready(epoch))
    this.#socket.on('session:ended', (ended) => (this.#ended = ended))
    this.#socket.on('session:expiring', () => void this.#renew())
    this.#socket.io.on('open', () => this.#opened())
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#connect()
  }

  /** Until `start()`. */
  stop(reason: string | null): void {
    this.#running = false
    this.#abandonAttempt()
    this.#set({ ...AT_REST, reason })
  }

  /**
   * Both events are hints: a browser may report `offline` while the API is reachable, and `online` without a network. A
   * connection is probed at once, and given up when the probe fails; without one, `online` ends the pause.
   */
  networkChanged(online: boolean): void {
    if (!this.#running) return
    const { phase } = this.state.get()
    if (phase === 'online') {
      bestEffort(this.#probe())
    } else if (phase === 'offline' && online) {
      this.#connect()
    }
  }

  /** Until an answer comes or no packet does: one that was on its way already says nothing of the network as it is now. */
  async #probe(): Promise<void> {
    const attempt = this.#attempt
    try {
      await this.#emit('session:resume', { epoch: this.#epoch, rooms: {} }, PROBE_MS)
    } catch (thrown) {
      if (attempt !== this.#attempt || asCrosstalkError(thrown).code !== 'timeout') throw thrown
      if (this.state.get().phase === 'online') await this.#probe()
    }
  }

  on<E extends EventName>(name: E, listener: (payload: EventPayload<E>) => void): void {
    this.#socket.on(name, listener as never)
  }

  async command<C extends CommandName>(name: C, input: CommandInput<C>): Promise<CommandResult<C>> {
    if (this.state.get().phase === 'connecting')
      await until(this.state, ({ phase }) => phase !== 'connecting')
    return this.#emit(name, input, this.#commandTimeoutMs)
  }

  async #emit<C extends CommandName>(
    name: C,
    input: CommandInput<C>,
    timeoutMs: number,
  ): Promise<CommandResult<C>> {
    if (this.state.get().phase !== 'online') throw offline()
    const [attempt, packets] = [this.#attempt, this.#packets]
    const started = Date.now()
    const answer = await new Promise<unknown>((resolve, reject) => {
      const acked = (failure: Error | null, value: unknown) => {
        if (failure === null) resolve(value)
        else reject(this.#socket.connected && attempt === this.#attempt ? timedOut() : offline(failure))
      }
      const timed = this.#socket.timeout(timeoutMs) as unknown as {
        emit(name: string, input: unknown, acked: (failure: Error | null, value: unknown) => void): void
      }
      timed.emit(name, input, acked)
    }).catch((error: unknown) => {
      this.#suspect(attempt, packets)
      throw error
    })
    this.#measured(Date.now() - started)
    const ack = answer as { ok: true; data: CommandResult<C> } | { ok: false; error: unknown }
    if (!ack.ok) throw errorOf(ack.error)
    return ack.data
  }

  #connect(): void {
    this.#abandonAttempt()
    const attempt = this.#attempt
    this.#ended = null
    this.#set({ phase: 'connecting', transport: null, nextRetryAt: null })
    this.#watchdog = setTimeout(() => this.#failed('timeout'), ATTEMPT_MS)
    this.#credentials.token().then(
      (token) => {
        if (attempt !== this.#attempt) return
        this.#token = token
        this.#socket.connect()
      },
      (thrown: unknown) => {
        if (attempt !== this.#attempt) return
        this.#failed(asCrosstalkError(thrown).code)
      },
    )
  }

  #opened(): void {
    const { engine } = this.#socket.io
    this.#set({ transport: transportOf(engine.transport.name) })
    engine.on('upgrade', ({ name }) => this.#set({ transport: transportOf(name) }))
    engine.on('packet', () => (this.#packets += 1))
  }

  #ready(epoch: string): void {
    this.#epoch = epoch
    clearTimeout(this.#watchdog)
    this.#refreshedFor = null
    this.#set({ phase: 'online', attempt: 0, nextRetryAt: null, reason: null })
  }

  /** `connect_error`: by the transport (no `data`), or by the server with a code. */
  #refused(error: Error & { data?: unknown }): void {
    const refusal = error.data === undefined ? null : errorOf(error.data)
    if (refusal?.code === 'token_expired' || refusal?.code === 'unauthenticated')
      void this.#refreshed(refusal)
    else this.#failed(refusal?.code ?? 'offline', refusal?.retryAfter)
  }

  async #refreshed(refusal: CrosstalkError): Promise<void> {
    const attempt = this.#attempt
    const stale = this.#token
    if (this.#refreshedFor !== null && this.#refreshedFor !== stale) {
      // The token of a refresh was refused as well.
      if (await this.#credentials.ended(refusal.code)) return
      return this.#failed(refusal.code)
    }
    this.#refreshedFor = stale
    try {
      await this.#credentials.refreshed(stale)
      if (attempt === this.#attempt && this.#running) this.#connect()
    } catch (thrown) {
      if (attempt === this.#attempt) this.#failed(asCrosstalkError(thrown).code)
    }
  }

  #lost(reason: string): void {
    const ended = this.#ended
    if (!this.#running) return
    if (ended === null) return this.#failed(reason)
    void this.#sessionEnded(ended)
  }

  async #sessionEnded(ended: Ended): Promise<void> {
    const attempt = this.#attempt
    if (!ended.reconnect) {
      if (!SESSION_OVER.has(ended.reason)) return this.stop(ended.reason)
      if (await this.#credentials.ended(ended.reason)) return
    }
    if (attempt === this.#attempt) this.#failed(ended.reason)
  }

  async #renew(): Promise<void> {
    try {
      const token = await this.#credentials.refreshed(this.#token)
      await this.command('session:renew', { token })
      this.#token = token
    } catch (thrown) {
      // The server cuts at expiry, and the next attempt tells what is wrong.
      if (!(thrown instanceof CrosstalkError)) throw thrown
    }
  }

  /** The attempt is over, or the connection: the next one after a pause. */
  #failed(reason: string, retryAfter?: number | null): void {
    const wasOnline = this.state.get().phase === 'online'
    this.#abandonAttempt()
    if (!this.#running) return
    const attempt = wasOnline ? 1 : this.state.get().attempt + 1
    const pause = Math.max(pauseMs(attempt, this.#random, PAUSES), (retryAfter ?? 0) * 1000)
    this.#set({ phase: 'offline', transport: null, attempt, nextRetryAt: Date.now() + pause, reason })
    this.#retry = setTimeout(() => this.#connect(), pause)
  }

  /** A command got no answer, and no packet has arrived since it was sent: the connection is dead, whatever the transport reports. */
  #suspect(attempt: number, packets: number): void {
    if (attempt !== this.#attempt || packets !== this.#packets) return
    if (this.state.get().phase === 'online') this.#failed('timeout')
  }

  #abandonAttempt(): void {
    this.#attempt += 1
    clearTimeout(this.#retry)
    clearTimeout(this.#watchdog)
    const running = this.#running
    // Its `disconnect` is ours, not the network's.
    this.#running = false
    this.#socket.disconnect()
    this.#running = running
  }

  #measured(ms: number): void {
    this.#latency = this.#latency === null ? ms : this.#latency + (ms - this.#latency) * SMOOTHING
    const told = this.state.get().latency_ms
    // Nobody wants to hear of each millisecond after each command.
    if (told === null || Math.abs(this.#latency - told) > Math.max(5, told / 5)) {
      this.#set({ latency_ms: Math.round(this.#latency) })
    }
  }

  #set(change: Partial<ConnectionState>): void {
    const known = this.state.get()
    const since = change.phase !== undefined && change.phase !== known.phase ? Date.now() : known.since
    this.state.set({ ...known, ...change, since })
  }
}

function transportOf(name: string): ConnectionState['transport'] {
  return name === 'websocket' ? 'websocket' : 'polling'
}
