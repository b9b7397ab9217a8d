import type { Changes, History, Invite, Member, Message, Room } from './contract/schemas.ts'
import { CrosstalkError } from './errors.ts'
import type { Http, HttpRequest } from './http.ts'
import type { CommandResult } from './wire.ts'

/** Where tokens come from: `refreshed` is told the one that did not work. */
export interface Credentials {
  token(): Promise<string>
  refreshed(stale: string): Promise<string>
}

/** The REST routes that ask for a session, by the words of the contract. */
export class Api {
  readonly #http: Http
  readonly #credentials: Credentials

  constructor(http: Http, credentials: Credentials) {
    this.#http = http
    this.#credentials = credentials
  }

  async rooms(scope: 'mine' | 'public'): Promise<Room[]> {
    const query = scope === 'public' ? { scope } : {}
    return (await this.#call<{ rooms: Room[] }>('GET', '/api/rooms', { query })).rooms
  }

  room(roomId: string): Promise<Room> {
    return this.#call('GET', `/api/rooms/${id(roomId)}`)
  }

  createRoom(name: string, kind: Room['kind']): Promise<Room> {
    return this.#call('POST', '/api/rooms', { body: { name, kind } })
  }

  joinRoom(roomId: string, invite?: string): Promise<Room> {
    return this.#call('POST', `/api/rooms/${id(roomId)}/members`, { body: invite === undefined ? {} : { invite } })
  }

  leaveRoom(roomId: string): Promise<Room> {
    return this.#call('DELETE', `/api/rooms/${id(roomId)}/members/me`)
  }

  invite(roomId: string): Promise<Invite> {
    return this.#call('POST', `/api/rooms/${id(roomId)}/invites`, { body: {} })
  }

  members(roomId: string, after: string | null, limit: number): Promise<{ members: Member[]; more: boolean }> {
    return this.#call('GET', `/api/rooms/${id(roomId)}/members`, { query: { after, limit } })
  }

  messages(roomId: string, before: number | null, limit: number): Promise<History> {
    return this.#call('GET', `/api/rooms/${id(roomId)}/messages`, { query: { before, limit } })
  }

  edit(roomId: string, messageId: string, text: string): Promise<Message> {
    return this.#call('PATCH', `/api/rooms/${id(roomId)}/messages/${id(messageId)}`, { body: { text } })
  }

  delete(roomId: string, messageId: string): Promise<Message> {
    return this.#call('DELETE', `/api/rooms/${id(roomId)}/messages/${id(messageId)}`)
  }

  changes(roomId: string, after: number, epoch: string, limit: number): Promise<Changes> {
    return this.#call('GET', `/api/rooms/${id(roomId)}/changes`, { query: { after, epoch, limit } })
  }

  stream(streamId: string, offset: number): Promise<CommandResult<'stream:view'>> {
    return this.#call('GET', `/api/streams/${id(streamId)}`, { query: { offset } })
  }

  async #call<T>(method: string, path: string, request: HttpRequest = {}): Promise<T> {
    const token = await this.#credentials.token()
    try {
      return await this.#http<T>(method, path, { ...request, token })
    } catch (thrown) {
      // By age, or by a key of the server that changed: one refresh tells which, and nothing was done yet.
      if (!(thrown instanceof CrosstalkError) || thrown.status !== 401) throw thrown
      const fresh = await this.#credentials.refreshed(token)
      return this.#http<T>(method, path, { ...request, token: fresh })
    }
  }
}

function id(opaque: string): string {
  return encodeURIComponent(opaque)
}
