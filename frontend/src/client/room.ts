import type { Api } from './api.ts'
import type {
  Change,
  Message,
  PresenceChanged,
  ReadMarked,
  Room as RoomResource,
  StreamAppended,
  TypingChanged,
  User,
} from './contract/schemas.ts'
import { bestEffort, CrosstalkError } from './errors.ts'
import { newId } from './new-id.ts'
import { type Unsubscribe, Value } from './observable.ts'
import type { Outbox } from './outbox.ts'
import type { OutboxEntry } from './outbox-store.ts'
import { ReadMarker } from './read-marker.ts'
import { RoomLog, type Resumption } from './room-log.ts'
import type { Rooms } from './rooms.ts'
import { Roster } from './roster.ts'
import { LiveStream } from './stream.ts'
import type { Room as RoomSurface, Unread } from './surface.ts'
import { Timeline } from './timeline.ts'
import { Typing } from './typing.ts'
import type { Commands } from './wire.ts'

const NEWEST_PAGE = 50
const MEMBERS_PAGE = 200
const CHANGES_PAGE = 500

/** What a room shares with the other rooms of its client. */
export interface House {
  readonly api: Api
  readonly commands: Commands
  readonly rooms: Rooms
  readonly outbox: Outbox
  readonly user: () => User
  readonly online: () => boolean
  readonly random: () => number
  closed(roomId: string): void
}

/** One open room: its log applied to timeline, members, typing, markers and streams. */
export class Room implements RoomSurface {
  readonly id: string
  readonly timeline: Timeline
  readonly unread = new Value<Unread>({ count: 0, read_seq: 0 })
  readonly #house: House
  readonly #log: RoomLog
  readonly #roster: Roster
  readonly #typing: Typing
  readonly #streams = new Map<string, LiveStream>()
  readonly #unsubscribes: Unsubscribe[]
  readonly #marker: ReadMarker

  constructor(id: string, house: House) {
    this.id = id
    this.#house = house
    const { api } = house
    this.timeline = new Timeline((before, limit) => api.messages(id, before, limit))
    this.#roster = new Roster((after) => api.members(id, after, MEMBERS_PAGE))
    this.#typing = new Typing((name) => {
      if (house.online()) bestEffort(house.commands.command(name, { room_id: id }))
    })
    this.#marker = new ReadMarker(
      (seq) => house.commands.command('read:mark', { room_id: id, seq }),
      house.online,
    )
    this.#log = new RoomLog({
      snapshot: async () => {
        // The room first: what it says must not be newer than the page, which events then bring up to date.
        const room = await api.room(id)
        return { room, page: await api.messages(id, null, NEWEST_PAGE) }
      },
      replace: (room, page) => {
        house.rooms.put(room)
        this.timeline.reset(page)
        this.#typing.reset()
        for (const message of page.messages) this.#streams.get(message.id)?.told(message)
        if (room.role === null) return
        bestEffort(this.#roster.reload())
        this.#askPresence()
      },
      changes: (after, epoch) => api.changes(id, after, epoch, CHANGES_PAGE),
      apply: (changes) => this.#apply(changes),
      replayed: () => bestEffort(house.rooms.refresh(id)),
      online: house.online,
      random: house.random,
    })
    this.#unsubscribes = [
      house.outbox.entries.subscribe((entries) => this.#waiting(entries)),
      house.rooms.mine.subscribe(() => this.#listed(house.rooms.find(id))),
    ]
    void this.#log.load()
  }

  get state() {
    return this.#log.state
  }

  get members() {
    return this.#roster.value
  }

  get typing() {
    return this.#typing.value
  }

  get epoch(): string {
    return this.#log.epoch
  }

  send(text: string): Promise<OutboxEntry> {
    this.stopTyping()
    return this.#send('text', text, null)
  }

  sendJson(data: unknown): Promise<OutboxEntry> {
    return this.#send('json', null, data)
  }

  async edit({ id, changed_seq }: Message, text: string): Promise<Message> {
    return this.#answered(
      await this.#house.commands.command('message:edit', { ...this.#of(id), text, changed_seq }),
    )
  }

  async delete(messageId: string): Promise<Message> {
    return this.#answered(await this.#house.commands.command('message:delete', this.#of(messageId)))
  }

  startTyping(): void {
    this.#typing.start()
  }

  stopTyping(): void {
    this.#typing.stop()
  }

  markRead(seq = this.state.get().position): void {
    const room = this.#house.rooms.find(this.id)
    if (room === undefined || seq <= room.read_seq) return
    const unread = this.timeline.othersAfter(seq, this.#house.user().id)
    this.#house.rooms.markerMoved({ room_id: this.id, seq, unread: unread ?? room.unread })
    this.#marker.moved(seq)
  }

  loadMembers(): Promise<void> {
    return this.#roster.loadMore()
  }

  reload(): Promise<void> {
    return this.#log.load()
  }

  stream(streamId: string): LiveStream {
    let stream = this.#streams.get(streamId)
    if (stream === undefined) {
      const { api, commands, online, random } = this.#house
      stream = new LiveStream(streamId, this.timeline.message(streamId), {
        view: (stream_id, offset) =>
          online() ? commands.command('stream:view', { stream_id, offset }) : api.stream(stream_id, offset),
        timing: (stream_id, offset) => api.timing(stream_id, offset),
        online,
        random,
      })
      this.#streams.set(streamId, stream)
    }
    return stream
  }

  close(): void {
    this.stopTyping()
    this.#log.close()
    this.#typing.reset()
    for (const unsubscribe of this.#unsubscribes) unsubscribe()
    for (const stream of this.#streams.values()) stream.close()
    this.#house.closed(this.id)
  }

  /** A durable change, as it came in. */
  receive(change: Change): void {
    const { phase } = this.state.get()
    const meJoined = change.event === 'member:joined' && change.user.id === this.#house.user().id
    if ((phase === 'failed' || phase === 'preview') && meJoined) void this.#log.load()
    else this.#log.receive(change)
  }

  /** A new connection: null when there is no position to resume from. */
  resume(): Resumption | null {
    this.#typing.reset()
    this.#askPresence()
    for (const stream of this.#streams.values()) stream.reconnected()
    this.#marker.flush()
    return this.#log.resume()
  }

  /** The server has a send of mine. */
  sent(message: Message): void {
    this.timeline.settle(message)
    this.#log.notice(message.changed_seq)
  }

  /** A public room can still be read; a private one is closed from here on. */
  left(): void {
    if (this.state.get().room?.kind === 'public') void this.#log.load()
    else
      this.#log.refused(
        new CrosstalkError({ code: 'forbidden', message: 'You are not a member of this room.' }),
      )
  }

  typingChanged(event: TypingChanged): void {
    if (event.user.id !== this.#house.user().id) this.#typing.changed(event)
  }

  presenceChanged(event: PresenceChanged): void {
    this.#roster.presenceChanged(event)
  }

  readMarked(event: ReadMarked): void {
    this.#roster.marked(event)
  }

  streamAppended(piece: StreamAppended): void {
    this.#streams.get(piece.stream_id)?.piece(piece)
  }

  #apply(changes: readonly Change[]): void {
    this.timeline.batch(() => {
      for (const change of changes) {
        if ('message' in change) this.#applyMessage(change.message)
        else this.#applyMember(change)
      }
    })
  }

  #applyMessage(message: Message): void {
    this.timeline.upsert(message)
    this.#typing.wrote(message.author.id)
    this.#streams.get(message.id)?.told(message)
    if (message.author.id === this.#house.user().id) void this.#house.outbox.seen(message)
  }

  #applyMember(change: Extract<Change, { user: User }>): void {
    this.#roster.changed(change)
    if (change.event === 'member:left') this.#typing.wrote(change.user.id)
    if (change.event === 'member:left' && change.user.id === this.#house.user().id) this.left()
  }

  async #send(kind: OutboxEntry['kind'], text: string | null, data: unknown): Promise<OutboxEntry> {
    return this.#house.outbox.add({
      client_id: newId(),
      user_id: this.#house.user().id,
      room_id: this.id,
      kind,
      text,
      data,
      created_at: new Date().toISOString(),
      state: 'pending',
      error: null,
    })
  }

  /** An ack of a change: its number is known now, and so is whether its event is missing. */
  #answered(message: Message): Message {
    this.#log.notice(message.changed_seq)
    return message
  }

  #of(messageId: string): { room_id: string; message_id: string } {
    return { room_id: this.id, message_id: messageId }
  }

  #waiting(entries: readonly OutboxEntry[]): void {
    if (this.#log.closed) return
    const user = this.#house.user()
    this.timeline.setWaiting(
      entries.filter((entry) => entry.room_id === this.id && entry.user_id === user.id),
      user,
    )
  }

  #listed(room: RoomResource | undefined): void {
    if (room === undefined) return
    const { count, read_seq } = this.unread.get()
    if (count !== room.unread || read_seq !== room.read_seq) {
      this.unread.set({ count: room.unread, read_seq: room.read_seq })
    }
    this.#log.roomChanged(room)
  }

  #askPresence(): void {
    if (this.#house.online() && this.state.get().phase !== 'preview') bestEffort(this.#takePresence())
  }

  async #takePresence(): Promise<void> {
    const { online } = await this.#house.commands.command('presence:list', { room_id: this.id })
    this.#roster.presenceKnown(online)
  }
}
