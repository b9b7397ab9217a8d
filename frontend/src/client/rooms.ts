import type { Api } from './api.ts'
import type {
  Change,
  Invitation,
  Invite,
  LastMessage,
  Message,
  Room as RoomResource,
  UnreadChanged,
} from './contract/schemas.ts'
import { bestEffort } from './errors.ts'
import { Value } from './observable.ts'
import { byName } from './presence.ts'
import type { Rooms as RoomsSurface } from './surface.ts'

const UNREAD_AT_MOST = 1000
const MINE_PAGE = 200
const PUBLIC_PAGE = 50
/** Characters of a message that are shown beside its room. */
const EXCERPT = 120

interface Entry {
  room: RoomResource
  /** The seqs of others' messages that were counted live, so that an answer that is older can be brought up to date. */
  counted: number[]
}

/** My rooms, with their unread counts: the server's count at one seq, and what was told after it. */
export class Rooms implements RoomsSurface {
  readonly mine = new Value<readonly RoomResource[] | null>(null)
  readonly listing = new Value<readonly RoomResource[] | null>(null)
  readonly more = new Value(false)
  readonly #api: Api
  readonly #userId: () => string | null
  readonly #tell: { joined(roomId: string): void; left(roomId: string): void }
  readonly #entries = new Map<string, Entry>()
  /** Who the entries belong to; an answer for somebody else is dropped. */
  #generation = 0

  constructor(
    api: Api,
    userId: () => string | null,
    tell: { joined(roomId: string): void; left(roomId: string): void },
  ) {
    this.#api = api
    this.#userId = userId
    this.#tell = tell
  }

  async load(): Promise<void> {
    const generation = this.#generation
    const rooms = (await this.#pages('mine', Infinity)).rooms
    if (generation !== this.#generation) return
    const ids = new Set(rooms.map((room) => room.id))
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#entries.delete(id)
    for (const room of rooms) this.#merge(room)
    this.#publish()
  }

  async loadPublic(): Promise<void> {
    await this.#list(this.listing.get()?.length ?? 0)
  }

  async loadMorePublic(): Promise<void> {
    await this.#list((this.listing.get()?.length ?? 0) + 1)
  }

  get(roomId: string): Promise<RoomResource> {
    return this.#api.room(roomId)
  }

  async create(name: string, kind: RoomResource['kind']): Promise<RoomResource> {
    return this.put(await this.#api.createRoom(name, kind))
  }

  async join(roomId: string, invite?: string): Promise<RoomResource> {
    const room = this.put(await this.#api.joinRoom(roomId, invite))
    this.#tell.joined(roomId)
    return room
  }

  async leave(roomId: string): Promise<RoomResource> {
    const room = this.put(await this.#api.leaveRoom(roomId))
    this.#tell.left(roomId)
    return room
  }

  invite(roomId: string): Promise<Invite> {
    return this.#api.invite(roomId)
  }

  invitation(roomId: string, invite: string): Promise<Invitation> {
    return this.#api.invitation(roomId, invite)
  }

  find(roomId: string): RoomResource | undefined {
    return this.#entries.get(roomId)?.room
  }

  /** A room as the server just answered it. */
  put(room: RoomResource): RoomResource {
    this.#merge(room)
    this.#publish()
    const listed = this.listing.get()
    if (listed?.some(({ id }) => id === room.id)) {
      this.listing.set(listed.map((known) => (known.id === room.id ? room : known)))
    }
    return this.find(room.id) ?? room
  }

  /** Lists so many public rooms, if there are so many. */
  async #list(count: number): Promise<void> {
    const generation = this.#generation
    const { rooms, more } = await this.#pages('public', count)
    if (generation !== this.#generation) return
    this.listing.set(rooms.sort(byName))
    this.more.set(more)
  }

  async #pages(scope: 'mine' | 'public', count: number): Promise<{ rooms: RoomResource[]; more: boolean }> {
    const limit = scope === 'mine' ? MINE_PAGE : PUBLIC_PAGE
    const rooms: RoomResource[] = []
    for (;;) {
      const page = await this.#api.rooms(scope, rooms.at(-1)?.id ?? null, limit)
      rooms.push(...page.rooms)
      if (!page.more || rooms.length >= count) return { rooms, more: page.more }
    }
  }

  /** Counts anew by the server, after changes that were not told one by one. */
  async refresh(roomId: string): Promise<void> {
    const generation = this.#generation
    const room = await this.#api.room(roomId)
    if (generation === this.#generation) this.put(room)
  }

  reset(): void {
    this.#generation += 1
    this.#entries.clear()
    this.mine.set(null)
    this.listing.set(null)
    this.more.set(false)
  }

  /** Every event of every room, open or not, as it came in. */
  receive(change: Change): void {
    const entry = this.#entries.get(change.room_id)
    if ('user' in change && change.user.id === this.#userId()) {
      if (change.event === 'member:left') this.#remove(change.room_id)
      else if (entry === undefined || change.event === 'member:changed')
        bestEffort(this.refresh(change.room_id))
      return
    }
    if (entry === undefined || change.seq <= entry.room.seq) return
    const room = { ...entry.room, seq: change.seq }
    if ('message' in change) {
      this.#count(entry, room, change.event, change.message)
      room.last_message = newest(room.last_message, change.message)
    } else if (change.event !== 'member:changed') {
      room.member_count += change.event === 'member:joined' ? 1 : -1
    }
    entry.room = room
    this.#publish()
  }

  /** My marker moved, here or on another device. */
  markerMoved({ room_id, seq, unread }: UnreadChanged): void {
    const entry = this.#entries.get(room_id)
    if (entry === undefined || seq < entry.room.read_seq) return
    entry.counted = entry.counted.filter((counted) => counted > seq)
    entry.room = { ...entry.room, read_seq: seq, unread }
    this.#publish()
  }

  #count(entry: Entry, room: RoomResource, event: Change['event'], message: Message): void {
    if (message.author.id === this.#userId() || message.seq <= room.read_seq) return
    // A message that is new here: an edit has a higher number than its message; so has a stream that goes on.
    const created = message.seq === message.changed_seq && message.seq === room.seq
    if (created && event !== 'message:deleted') {
      entry.counted = [...entry.counted.slice(1 - UNREAD_AT_MOST), message.seq]
      room.unread = Math.min(UNREAD_AT_MOST, room.unread + 1)
    } else if (event === 'message:deleted') {
      entry.counted = entry.counted.filter((counted) => counted !== message.seq)
      room.unread = Math.max(0, room.unread - 1)
    }
  }

  #merge(room: RoomResource): void {
    if (room.role === null) {
      this.#entries.delete(room.id)
      return
    }
    const known = this.#entries.get(room.id)
    if (known === undefined || known.room.seq <= room.seq || known.room.epoch !== room.epoch) {
      this.#entries.set(room.id, { room: markedLater(known?.room, room), counted: [] })
      return
    }
    const later = known.counted.filter((seq) => seq > room.seq).length
    const { seq, member_count, last_message } = known.room
    const merged = {
      ...room,
      seq,
      member_count,
      last_message,
      unread: Math.min(UNREAD_AT_MOST, room.unread + later),
    }
    known.room = markedLater(known.room, merged)
  }

  #remove(roomId: string): void {
    if (this.#entries.delete(roomId)) this.#publish()
  }

  #publish(): void {
    this.mine.set([...this.#entries.values()].map(({ room }) => room).sort(byName))
  }
}

/** A marker never moves back: an answer from before it moved has the wrong count. */
function markedLater(known: RoomResource | undefined, room: RoomResource): RoomResource {
  if (known === undefined || known.epoch !== room.epoch || known.read_seq <= room.read_seq) return room
  return { ...room, read_seq: known.read_seq, unread: Math.min(known.unread, room.unread) }
}

/** The newest message of a room after a change of one. */
function newest(last: LastMessage | null, message: Message): LastMessage | null {
  if (last !== null && message.seq < last.seq) return last
  const { id, seq, author, kind, text, data, created_at, deleted } = message
  const content = kind === 'stream' || deleted ? '' : (text ?? JSON.stringify(data))
  const words = content.split(/\s+/u).filter(Boolean).join(' ')
  const excerpt = [...words.slice(0, 2 * EXCERPT)].slice(0, EXCERPT).join('')
  return { id, seq, author, kind, excerpt, created_at, ...(deleted && { deleted }) }
}
