import { expect, it } from 'vitest'
import type { Api } from './api.ts'
import type { Change, Message, Room } from './contract/schemas.ts'
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
  last_message: null,
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

const ann = { id: 'ann', name: 'Ann', guest: false }

function message(seq: number, text: string | null, more: Partial<Message> = {}): Message {
  return {
    id: `m${String(seq)}`,
    room_id: 'r0000',
    seq,
    changed_seq: seq,
    author: ann,
    kind: 'text',
    text,
    client_id: String(seq),
    created_at: '2026-01-01T00:00:00.000Z',
    ...more,
  }
}

it('keeps the newest message of each room up to date by the events of the room', async () => {
  const { rooms: mine } = rooms(1)
  await mine.load()
  const excerpt = () => mine.find('r0000')?.last_message?.excerpt
  const tell = (event: Change['event'], of: Message) => {
    mine.receive({ event, room_id: 'r0000', seq: of.changed_seq, message: of } as Change)
  }
  tell('message:created', message(2, ' one\n two '))
  expect(excerpt()).toBe('one two')
  tell('message:created', message(3, '👩‍🚀'.repeat(100)))
  expect([...(excerpt() ?? '')]).toHaveLength(120)
  tell('message:edited', message(2, 'an older one', { changed_seq: 4 }))
  expect(mine.find('r0000')?.last_message?.id).toBe('m3')
  tell('message:edited', message(3, 'changed', { changed_seq: 5 }))
  expect(excerpt()).toBe('changed')
  tell('message:deleted', message(3, null, { changed_seq: 6, deleted: true }))
  expect(mine.find('r0000')?.last_message).toMatchObject({ id: 'm3', excerpt: '', deleted: true })
  tell('message:created', message(7, null, { kind: 'json', data: { a: [1, 'ü'] } }))
  expect(excerpt()).toBe('{"a":[1,"ü"]}')
  // An answer that was on its way is older than what was told since.
  await mine.refresh('r0000')
  expect(excerpt()).toBe('{"a":[1,"ü"]}')
})
