import { Api } from './api.ts'
import type { Change, Message, User } from './contract/schemas.ts'
import { bestEffort, CrosstalkError } from './errors.ts'
import { httpTo } from './http.ts'
import { localLock } from './lock.ts'
import { Value } from './observable.ts'
import { Outbox } from './outbox.ts'
import { memoryOutboxStore, type OutboxEntry } from './outbox-store.ts'
import { Room, type House } from './room.ts'
import type { Resumption } from './room-log.ts'
import { Rooms } from './rooms.ts'
import { Session } from './session.ts'
import { Connection } from './socket.ts'
import { Streams } from './streams.ts'
import type { Client as ClientSurface, ClientOptions, ServerReady, SessionState } from './surface.ts'
import { memoryTokenStore } from './tokens.ts'
import { LOG_EVENTS } from './wire.ts'

export function createClient(options: ClientOptions): Client {
  return new Client(options)
}

/** Puts the parts together: who hears which event, and what happens when somebody comes, goes, or reconnects. */
export class Client implements ClientSurface {
  readonly session: Session
  readonly rooms: Rooms
  readonly outbox: Outbox
  readonly streams: Streams
  readonly server = new Value<ServerReady | null>(null)
  readonly #connection: Connection
  readonly #open = new Map<string, Room>()
  readonly #house: House
  #user: User | null = null

  constructor(options: ClientOptions) {
    const random = options.random ?? Math.random
    const lock = options.lock ?? localLock()
    const http = httpTo(options.url, options.commandTimeoutMs ?? 10_000)
    this.session = new Session(http, options.tokens ?? memoryTokenStore(), lock)
    const api = new Api(http, this.session)
    this.#connection = new Connection(options, this.session)
    const online = () => this.connection.get().phase === 'online'
    this.outbox = new Outbox(options.outboxStore ?? memoryOutboxStore(), {
      send: (entry) => this.#send(entry),
      sent: (entry, message) => this.#open.get(entry.room_id)?.sent(message),
      online,
      random,
      lock,
    })
    this.rooms = new Rooms(api, () => this.#user?.id ?? null, {
      joined: (roomId) => void this.#open.get(roomId)?.reload(),
      left: (roomId) => this.#open.get(roomId)?.left(),
    })
    this.streams = new Streams(this.#connection, this.connection, random)
    this.#house = {
      api,
      commands: this.#connection,
      rooms: this.rooms,
      outbox: this.outbox,
      user: () => this.#signedIn(),
      online,
      random,
      closed: (roomId) => void this.#open.delete(roomId),
    }
    this.#listen()
    // First of all who listen: the others find the client knowing who is signed in.
    this.session.subscribe((state) => this.#sessionChanged(state))
  }

  get connection() {
    return this.#connection.state
  }

  start(): Promise<void> {
    return this.session.start()
  }

  openRoom(roomId: string): Room {
    const known = this.#open.get(roomId)
    if (known !== undefined) return known
    const room = new Room(roomId, this.#house)
    this.#open.set(roomId, room)
    return room
  }

  networkChanged(online: boolean): void {
    this.#connection.networkChanged(online)
  }

  close(): void {
    this.#gone(null)
    this.session.close()
  }

  #signedIn(): User {
    if (this.#user !== null) return this.#user
    throw new CrosstalkError({ code: 'unauthenticated', message: 'Nobody is signed in.' })
  }

  #sessionChanged({ state, user, reason }: SessionState): void {
    const before = this.#user
    const now = state === 'signed-in' ? user : null
    if (now?.id === before?.id) return
    if (before !== null) {
      this.#gone(reason)
      if (state === 'signed-out') void this.outbox.forget(before.id)
    }
    if (now === null) return
    this.#user = now
    void this.outbox.start(now.id)
    bestEffort(this.rooms.load())
    this.#connection.start()
  }

  #gone(reason: string | null): void {
    this.#connection.stop(reason)
    for (const room of [...this.#open.values()]) room.close()
    this.outbox.stop()
    this.streams.reset()
    this.rooms.reset()
    this.#user = null
  }

  #listen(): void {
    const connection = this.#connection
    for (const event of LOG_EVENTS) {
      connection.on(event, (payload) => {
        const change = { event, ...payload } as Change
        this.rooms.receive(change)
        this.#open.get(change.room_id)?.receive(change)
        if ('message' in change && change.message.author.id === this.#user?.id)
          void this.outbox.seen(change.message)
      })
    }
    connection.on('stream:appended', (piece) => this.#open.get(piece.room_id)?.streamAppended(piece))
    connection.on('typing:changed', (event) => this.#open.get(event.room_id)?.typingChanged(event))
    connection.on('presence:changed', (event) => this.#open.get(event.room_id)?.presenceChanged(event))
    connection.on('read:marked', (event) => this.#open.get(event.room_id)?.readMarked(event))
    connection.on('unread:changed', (event) => this.rooms.markerMoved(event))
    connection.on('session:ready', ({ epoch, limits, server }) => {
      this.server.set({ epoch, limits, server })
      void this.#resume(epoch)
      this.outbox.wakeAll()
      bestEffort(this.rooms.load())
    })
  }

  /** States the positions of all open rooms once, and gets a verdict for each. */
  async #resume(epoch: string): Promise<void> {
    const resumptions = new Map<string, Resumption>()
    let known: string | null = null
    for (const room of this.#open.values()) {
      const resumption = room.resume()
      if (resumption === null) continue
      known ??= room.epoch
      // One request has one epoch. A room that was loaded in another one asks for itself.
      if (room.epoch === known) resumptions.set(room.id, resumption)
      else resumption.ask()
    }
    const positions = [...resumptions].map(([id, { position }]) => [id, position] as const)
    // Without rooms as well: the answer tells how long the way is.
    const resuming = this.#connection.command('session:resume', {
      epoch: known ?? epoch,
      rooms: Object.fromEntries(positions),
    })
    const answer = await resuming.catch((thrown: unknown) => {
      if (thrown instanceof CrosstalkError) return null
      throw thrown
    })
    for (const [id, resumption] of resumptions) {
      const verdict = answer?.rooms[id]
      if (verdict === undefined) resumption.ask()
      else resumption.settle(verdict)
    }
  }

  #send({ room_id, client_id, kind, text, data }: OutboxEntry): Promise<Message> {
    const named = { room_id, client_id }
    return this.#connection.command(
      'message:send',
      kind === 'json' ? { ...named, kind, data } : { ...named, text: text ?? '' },
    )
  }
}
