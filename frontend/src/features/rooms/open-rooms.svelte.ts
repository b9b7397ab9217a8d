import type { Client, Room } from '../../client'
import { observed } from '../../ui/observed'

/** How many rooms are kept live at once: going back to one of them costs nothing. */
const KEPT = 4

/** One room on the screen: the client's model, as state. */
export class OpenRoom {
  readonly state
  readonly members
  readonly typing
  readonly unread
  readonly version
  readonly older

  constructor(readonly model: Room) {
    this.state = observed(model.state)
    this.members = observed(model.members)
    this.typing = observed(model.typing)
    this.unread = observed(model.unread)
    this.version = observed(model.timeline.version)
    this.older = observed(model.timeline.older)
  }

  get id() {
    return this.model.id
  }

  get room() {
    return this.state.current.room
  }

  /** A public room that can be read, and that one has not joined. */
  get preview() {
    return this.state.current.phase === 'preview' || this.room?.role === null
  }

  get name() {
    return this.room?.name ?? ''
  }
}

export class OpenRooms {
  #rooms = $state.raw<readonly OpenRoom[]>([])

  constructor(readonly client: Client) {}

  /** How many changes are known to be missing, over all open rooms. */
  get behind(): number {
    return this.#rooms.reduce((sum, room) => sum + room.state.current.behind, 0)
  }

  open(id: string): OpenRoom {
    const known = this.#rooms.find((room) => room.id === id)
    const room = known ?? new OpenRoom(this.client.openRoom(id))
    const others = this.#rooms.filter((other) => other !== room)
    for (const old of others.slice(KEPT - 1)) old.model.close()
    this.#rooms = [room, ...others.slice(0, KEPT - 1)]
    return room
  }

  forget(id: string): void {
    this.#rooms.find((room) => room.id === id)?.model.close()
    this.#rooms = this.#rooms.filter((room) => room.id !== id)
  }

  close(): void {
    for (const room of this.#rooms) room.model.close()
    this.#rooms = []
  }
}
