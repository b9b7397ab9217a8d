import { stored } from '../../ui/stored'

const KEY = 'crosstalk.last-room'

/** Where a person was last, to go on there after a reload. */
export const lastRoom = {
  of(userId: string): string | null {
    const [user, room] = (stored.get(KEY) ?? '').split(' ')
    return user === userId && room ? room : null
  },
  keep(userId: string, roomId: string): void {
    stored.set(KEY, `${userId} ${roomId}`)
  },
  forget(): void {
    stored.remove(KEY)
  },
}
