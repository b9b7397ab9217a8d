import type { RoomResource } from '../../client'

/** The room that greets newcomers. */
export const LOBBY = 'lobby'

export const isLobby = (room: RoomResource) => room.kind === 'public' && room.name.toLowerCase() === LOBBY

/** Public rooms that one is not in, the lobby first. */
export function discoverable(open: readonly RoomResource[], mine: readonly RoomResource[]): RoomResource[] {
  const known = new Set(mine.map((room) => room.id))
  return open.filter((room) => !known.has(room.id)).sort((a, b) => Number(isLobby(b)) - Number(isLobby(a)))
}

export function matching(rooms: readonly RoomResource[], wanted: string): readonly RoomResource[] {
  const words = wanted.trim().toLocaleLowerCase()
  return words ? rooms.filter((room) => room.name.toLocaleLowerCase().includes(words)) : rooms
}
