import type {
  Changes,
  History,
  Invitation,
  Invite,
  Room,
  Rooms as RoomPage,
  Roster,
  StreamTiming,
  StreamView,
} from './contract/schemas.ts'
import { CrosstalkError } from './errors.ts'
import type { Http, RestAnswer, RestRequest, Route } from './http.ts'

/** Where tokens come from: `refreshed` is told the one that did not work. */
export interface Credentials {
  token(): Promise<string>
  refreshed(stale: string): Promise<string>
}

/** The REST routes that ask for a session and that this client uses. */
export class Api {
  readonly #http: Http
  readonly #credentials: Credentials

  constructor(http: Http, credentials: Credentials) {
    this.#http = http
    this.#credentials = credentials
  }

  /** A page of rooms, oldest first; the next one begins after the last room of this one. */
  rooms(scope: 'mine' | 'public', after: string | null, limit: number): Promise<RoomPage> {
    const query = { scope, limit, ...(after === null ? {} : { after }) }
    return this.#call('GET /api/rooms', { query })
  }

  room(room_id: string): Promise<Room> {
    return this.#call('GET /api/rooms/{room_id}', { path: { room_id } })
  }

  createRoom(name: string, kind: Room['kind']): Promise<Room> {
    return this.#call('POST /api/rooms', { body: { name, kind } })
  }

  joinRoom(room_id: string, invite?: string): Promise<Room> {
    const body = invite === undefined ? {} : { invite }
    return this.#call('POST /api/rooms/{room_id}/members', { path: { room_id }, body })
  }

  leaveRoom(room_id: string): Promise<Room> {
    return this.#call('DELETE /api/rooms/{room_id}/members/me', { path: { room_id } })
  }

  invite(room_id: string): Promise<Invite> {
    return this.#call('POST /api/rooms/{room_id}/invites', { path: { room_id } })
  }

  invitation(room_id: string, invite: string): Promise<Invitation> {
    return this.#http('POST /api/rooms/{room_id}/invitation', { path: { room_id }, body: { invite } })
  }

  members(room_id: string, after: string | null, limit: number): Promise<Roster> {
    const query = after === null ? { limit } : { after, limit }
    return this.#call('GET /api/rooms/{room_id}/members', { path: { room_id }, query })
  }

  messages(room_id: string, before: number | null, limit: number): Promise<History> {
    const query = before === null ? { limit } : { before, limit }
    return this.#call('GET /api/rooms/{room_id}/messages', { path: { room_id }, query })
  }

  changes(room_id: string, after: number, epoch: string, limit: number): Promise<Changes> {
    const query = { after, epoch, limit }
    return this.#call('GET /api/rooms/{room_id}/changes', { path: { room_id }, query })
  }

  stream(stream_id: string, offset: number): Promise<StreamView> {
    return this.#call('GET /api/streams/{stream_id}', { path: { stream_id }, query: { offset } })
  }

  timing(stream_id: string, offset: number): Promise<StreamTiming> {
    return this.#call('GET /api/streams/{stream_id}/timing', { path: { stream_id }, query: { offset } })
  }

  async #call<R extends Route>(route: R, request: RestRequest<R>): Promise<RestAnswer<R>> {
    const token = await this.#credentials.token()
    try {
      return await this.#http(route, request, token)
    } catch (thrown) {
      // By age, or by a key of the server that changed: one refresh tells which, and nothing was done yet.
      if (!(thrown instanceof CrosstalkError) || thrown.status !== 401) throw thrown
      return this.#http(route, request, await this.#credentials.refreshed(token))
    }
  }
}
