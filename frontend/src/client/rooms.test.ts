import { expect, it } from 'vitest'
import type { Api } from './api.ts'
import type { Room } from './contract/schemas.ts'
import { Rooms } from './rooms.ts'

const resource = (id: string): Room => ({
  id,
  name: id,
  kind: 'public',
  seq: 1,
  epoch: 'e',
  created_at: '2026-01-01T00:00:00.000Z',
  member_count: 1,
  role: 'member',
  read_seq: 0,
  unread: 0,
})
const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `r${String(n).padStart(4, '0')}`)

/** A server with so many rooms in each list, which answers page by page. */
function rooms(count: number): { rooms: Rooms; asked: string[] } {
  const asked: string[] = []
  const api = {
    rooms(scope: string, after: string | null, limit: number) {
      asked.push(`${scope} after ${String(after)}`)
      const left = ids(count).filter((id) => after === null || id > after)
      return Promise.resolve({ rooms: left.slice(0, limit).map(resource), more: left.length > limit })
    },
    room: (id: string) => Promise.resolve(resource(id)),
  }
  const tell = { joined: () => undefined, left: () => undefined }
  return { rooms: new Rooms(api as unknown as Api, () => 'me', tell), asked }
}

it('loads all of my rooms, page after page', async () => {
  const { rooms: mine, asked } = rooms(450)
  await mine.load()
  expect(mine.mine.get()?.map((room) => room.id)).toEqual(ids(450))
  expect(asked).toEqual(['mine after null', 'mine after r0199', 'mine after r0399'])
})

it('lists a page of public rooms, and another each time more are wanted, until there are none', async () => {
  const { rooms: listed } = rooms(120)
  await listed.loadPublic()
  expect(listed.listing.get()).toHaveLength(50)
  expect(listed.more.get()).toBe(true)
  await listed.loadMorePublic()
  expect(listed.listing.get()).toHaveLength(100)
  await listed.loadMorePublic()
  expect(listed.listing.get()?.map((room) => room.id)).toEqual(ids(120))
  expect(listed.more.get()).toBe(false)
})

it('keeps as many listed when the list is loaded again', async () => {
  const { rooms: listed } = rooms(120)
  await listed.loadPublic()
  await listed.loadMorePublic()
  await listed.loadPublic()
  expect(listed.listing.get()).toHaveLength(100)
  expect(listed.more.get()).toBe(true)
})

it('finds a public room that is not on the list, and forgets it with the session', async () => {
  const { rooms: listed } = rooms(60)
  await listed.lookUp('r0055')
  expect(listed.lookedUp.get()?.id).toBe('r0055')
  listed.reset()
  expect([listed.lookedUp.get(), listed.listing.get(), listed.more.get()]).toEqual([null, null, false])
})
