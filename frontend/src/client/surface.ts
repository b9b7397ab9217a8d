/** What a page sees of the client. The classes behind it are in the files of the same nouns. */
import type {
  Invitation,
  Invite,
  Member,
  Message,
  Room as RoomResource,
  SessionReady,
  StreamPart,
  StreamReceipt,
  TextSource,
  User,
} from './contract/schemas.ts'
import type { CrosstalkError } from './errors.ts'
import type { Observable, Unsubscribe } from './observable.ts'
import type { OutboxEntry, OutboxStore } from './outbox-store.ts'
import type { TokenStore } from './tokens.ts'
import type { ContentType } from './wire.ts'

/** Runs `work` while nobody else holds `name`. In a page, over Web Locks: `(name, work) => navigator.locks.request(name, work)`. */
export type Lock = <T>(name: string, work: () => Promise<T>) => Promise<T>

export interface ClientOptions {
  /** The API's own address, such as `https://api.example.com`, or `https://example.com/chat-api` where a proxy serves it below a path. */
  url: string
  tokens?: TokenStore
  outboxStore?: OutboxStore
  /** Shared by all tabs of a page, so that they refresh tokens and send the outbox one at a time. */
  lock?: Lock
  /** Default: polling, then WebSocket. */
  transports?: readonly ('polling' | 'websocket')[]
  /** 0 ≤ x < 1; for jitter. Default: Math.random. */
  random?: () => number
  /** How long a command may take before it is a `timeout`. Default: 10,000. */
  commandTimeoutMs?: number
}

export interface Client {
  readonly session: Session
  readonly connection: Observable<ConnectionState>
  readonly rooms: Rooms
  readonly outbox: Outbox
  readonly streams: Streams
  /** What the server said about itself and its limits, once it has. */
  readonly server: Observable<ServerReady | null>
  /** Reads the stored session and the outbox, and connects if somebody is signed in. Never rejects for a dead network. */
  start(): Promise<void>
  /** The model of one room, live as long as it is open; the same object for the same id until `close()`. */
  openRoom(roomId: string): Room
  /** A hint: the page's `online` and `offline` events, waking from sleep. A connection is probed; `true` ends a pause between attempts. */
  networkChanged(online: boolean): void
  /** Ends the connection and every timer. Nothing that was stored is lost. */
  close(): void
}

export interface SessionState {
  /** `ended`: the server ended it (signed out elsewhere, revoked): say so, and let the person sign in again. */
  readonly state: 'signed-out' | 'signed-in' | 'ended'
  /** Of `ended`, who it was. */
  readonly user: User | null
  /** Of `ended`: a reason of `session:ended`, or an error code. */
  readonly reason: string | null
}

export interface Session extends Observable<SessionState> {
  enterAsGuest(name: string): Promise<User>
  signUp(name: string, password: string): Promise<User>
  signIn(name: string, password: string): Promise<User>
  /** Forgets the session here at once; tells the server if it can be reached. All tabs follow. */
  signOut(): Promise<void>
}

export interface ConnectionState {
  /** `connecting`: an attempt is under way; `offline`: waiting for the next; `ended`: signed out, nothing will be tried. */
  readonly phase: 'connecting' | 'online' | 'offline' | 'ended'
  readonly transport: 'polling' | 'websocket' | null
  /** When this phase began, ms since 1970. */
  readonly since: number
  /** Smoothed time from a command to its ack, with the server's work in it. */
  readonly latency_ms: number | null
  /** Failed attempts since the last time online. */
  readonly attempt: number
  /** Of `offline`: when the next attempt starts, in ms since 1970. */
  readonly nextRetryAt: number | null
  /** Why not online: an error code, a reason of `session:ended`, or of the transport. */
  readonly reason: string | null
}

export type ServerReady = Readonly<Pick<SessionReady, 'epoch' | 'limits' | 'server'>>

export interface Rooms {
  /** My rooms, by name; `unread`, `seq` and `read_seq` are kept live. Null until they were loaded once. */
  readonly mine: Observable<readonly RoomResource[] | null>
  /** Public rooms, by name: a page, and another with each `loadMorePublic()`. Null until `loadPublic()`. */
  readonly listing: Observable<readonly RoomResource[] | null>
  /** Whether there are public rooms beyond those listed. */
  readonly more: Observable<boolean>
  load(): Promise<void>
  loadPublic(): Promise<void>
  loadMorePublic(): Promise<void>
  /** One room that the user may read, in a list or not. Rejects with `not_found` for every other. */
  get(roomId: string): Promise<RoomResource>
  create(name: string, kind: RoomResource['kind']): Promise<RoomResource>
  join(roomId: string, invite?: string): Promise<RoomResource>
  leave(roomId: string): Promise<RoomResource>
  invite(roomId: string): Promise<Invite>
  /** What an invite opens; needs no session. */
  invitation(roomId: string, invite: string): Promise<Invitation>
}

export interface RoomState {
  /**
   * `loading` → `live`; `catching-up` when something is known to be missing; `failed`: see `error`
   * (`not_found`: gone, or not for this person; `forbidden`: a private room that one has left).
   * `preview`: a public room that one has not joined: its newest messages as they were when it was loaded.
   * A room that failed for want of a network loads by itself when it is back.
   */
  readonly phase: 'loading' | 'preview' | 'live' | 'catching-up' | 'failed' | 'closed'
  readonly room: RoomResource | null
  /** The last change that is applied, and the newest that is known; `behind` is the difference. */
  readonly position: number
  readonly latest: number
  readonly behind: number
  /** What the last reconnect or gap was answered with. */
  readonly verdict: 'resumed' | 'replayed' | 'snapshot' | null
  readonly error: CrosstalkError | null
}

export interface Room {
  readonly id: string
  readonly state: Observable<RoomState>
  readonly timeline: Timeline
  readonly members: Observable<Roster>
  /** Who is writing just now, without me. */
  readonly typing: Observable<readonly User[]>
  readonly unread: Observable<Unread>
  /** Into the outbox: pending at once, sent when it can be. Resolves when it is stored on this device. */
  send(text: string): Promise<OutboxEntry>
  sendJson(data: unknown): Promise<OutboxEntry>
  /** Refused with `conflict` when it was changed after `message`, as it was seen. */
  edit(message: Message, text: string): Promise<Message>
  delete(messageId: string): Promise<Message>
  /** Call at every key press; the client says it to the server as often as needed. */
  startTyping(): void
  stopTyping(): void
  /** Everything up to here was seen. Without `seq`: all that is loaded. Going backwards does nothing. */
  markRead(seq?: number): void
  /** The next page of members, for rooms with more than were loaded. */
  loadMembers(): Promise<void>
  /** Forgets all and loads anew. `rooms.join` does it for an open room. */
  reload(): Promise<void>
  /** The live text of a message of kind `stream`; the same object for the same id. */
  stream(streamId: string): LiveStream
  close(): void
}

/** A message, or one of mine on its way. The object is replaced when anything in it changes, never written to. */
export interface TimelineItem {
  /** Stays the same from pending to sent, and through edits: a key for lists. */
  readonly key: string
  readonly state: 'pending' | 'failed' | 'sent'
  readonly author: User
  readonly kind: Message['kind']
  readonly text: string | null
  readonly data: unknown
  /** The server's time, or this device's while pending. */
  readonly created_at: string
  /** Null until the room's log has it. */
  readonly message: Message | null
  /** Null once the room's log has it. */
  readonly entry: OutboxEntry | null
  /** Of `failed`: why. */
  readonly error: CrosstalkError | null
}

/**
 * The newest part of a room, without gaps up to the newest: messages by seq, then mine that are on their way.
 * Listen to `version`, then read what is in view; nothing is copied for a change.
 */
export interface Timeline {
  /** Grows with every change of content. */
  readonly version: Observable<number>
  /** Whether there is more before the first item, and whether it is being fetched. */
  readonly older: Observable<{
    readonly more: boolean
    readonly loading: boolean
    readonly error: CrosstalkError | null
  }>
  readonly length: number
  at(index: number): TimelineItem | undefined
  /** A copy of a part; all of it without arguments. */
  slice(start?: number, end?: number): TimelineItem[]
  /** Index of the first message with this seq or a higher one; `length` if there is none. */
  indexOfSeq(seq: number): number
  /** Index of an item by its key, or -1. */
  indexOfKey(key: string): number
  message(id: string): Message | undefined
  /** Prepends the page before the first; returns how many were put there. */
  loadOlder(limit?: number): Promise<number>
  /** Drops all but the newest `keep` (default 100): for going back to the newest after reading far up. */
  trim(keep?: number): void
}

export interface Roster {
  /** By name. `online` is kept live. */
  readonly members: readonly Member[]
  readonly online: number
  /** Whether `room.loadMembers()` would bring more. */
  readonly more: boolean
}

export interface Unread {
  /** Others' messages after my marker, up to 1,000. */
  readonly count: number
  readonly read_seq: number
}

export interface Outbox {
  /** All of mine in all rooms that are not sent yet, in order. */
  readonly entries: Observable<readonly OutboxEntry[]>
  retry(clientId: string): Promise<void>
  discard(clientId: string): Promise<void>
}

export interface Streams {
  /** A stream that the server writes. */
  open(roomId: string, stream: { contentType: ContentType; source: TextSource }): Promise<Message>
  /** A stream that this client writes. */
  produce(roomId: string, stream: { contentType: ContentType }): Promise<StreamProducer>
  /** Takes over an interrupted stream, at its durable offset. */
  continue(streamId: string): Promise<StreamProducer>
  stop(streamId: string, reason?: string): Promise<StreamReceipt>
}

export interface LiveStreamState {
  readonly state: StreamPart['state']
  readonly content_type: string
  /** Of text streams: all of it up to `end`. */
  readonly text: string
  /** Of `application/json` streams. The same array grows; compare `end`. */
  readonly items: readonly unknown[]
  /** How much is here: UTF-16 units, or items. */
  readonly end: number
  /** Whether something is known to be missing and is being asked for. */
  readonly missing: boolean
  readonly by: User | null
  readonly reason: string | null
  readonly error: CrosstalkError | null
}

export interface LiveStream extends Observable<LiveStreamState> {
  readonly id: string
  /** Fetches what is missing and follows, until as many `detach()`s were called. Returns its detach. */
  attach(): Unsubscribe
  /** How it was written, from the beginning on: for showing it so again. */
  timing(): Promise<StreamStep[]>
}

/** So long after the one before, so much was written: UTF-16 units, or items. */
export interface StreamStep {
  /** Milliseconds. */
  readonly wait: number
  readonly length: number
}

export interface ProducerState {
  /** `lost`: another producer has the lease, or the stream was ended by somebody; see `error`. */
  readonly state: 'open' | 'finished' | 'lost'
  /** What is stored by the server, and what is still to be sent after it. */
  readonly offset: number
  readonly queued: number
  readonly error: CrosstalkError | null
}

export interface StreamProducer {
  readonly streamId: string
  readonly state: Observable<ProducerState>
  /** Takes any text at any pace; sends one piece at a time, again after a lost network. */
  append(text: string): void
  appendItems(items: readonly unknown[]): void
  /** Resolves when all that was appended is stored; rejects when the stream is lost. */
  flush(): Promise<void>
  finish(): Promise<void>
  /** Stops sending and renewing; the stream is interrupted when its lease runs out. */
  abandon(): void
}
