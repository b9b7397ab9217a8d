const KEY = 'crosstalk.last-room'

/** Where a person was last, to go on there after a reload. */
export const lastRoom = {
  of(userId: string): string | null {
    const [user, room] = (localStorage.getItem(KEY) ?? '').split(' ')
    return user === userId && room ? room : null
  },
  keep(userId: string, roomId: string): void {
    localStorage.setItem(KEY, `${userId} ${roomId}`)
  },
  forget(): void {
    localStorage.removeItem(KEY)
  },
}
