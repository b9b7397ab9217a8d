import { expect, test } from 'vitest'
import type { Member, TimelineItem } from '../../client'
import { marksOf } from './marks'

/** A timeline of items with these authors, at seq 1, 2, 3 …; `null` for one of mine that is on its way. */
function timelineOf(...authors: (string | null)[]) {
  const items = authors.map((author, i) => {
    const message = author ? { seq: i + 1 } : null
    return { key: `k${String(i + 1)}`, author: { id: author ?? 'me' }, message } as TimelineItem
  })
  return {
    at: (index: number) => items[index],
    indexOfSeq: (seq: number) => {
      const index = items.findIndex((item) => (item.message?.seq ?? -1) >= seq)
      return index < 0 ? items.length : index
    },
  }
}

const member = (id: string, read_seq: number): Member => ({
  user: { id, name: id, guest: false },
  role: 'member',
  joined_at: '2026-11-04T10:00:00Z',
  read_seq,
  online: true,
})

const places = (timeline: ReturnType<typeof timelineOf>, ...members: Member[]) =>
  Object.fromEntries(
    [...marksOf(timeline, members, 'me')].map(([key, users]) => [key, users.map((user) => user.id)]),
  )

test('each stands at the last message that they have read, and I nowhere', () => {
  expect(places(timelineOf('me', 'me', 'me'), member('ann', 2), member('bob', 3), member('me', 3))).toEqual({
    k2: ['ann'],
    k3: ['bob'],
  })
})

test('nobody is marked at their own words', () => {
  expect(places(timelineOf('me', 'ann', 'ann'), member('ann', 3))).toEqual({ k1: ['ann'] })
})

test('nobody has read what is still on its way', () => {
  expect(places(timelineOf('me', null, null), member('ann', 9))).toEqual({ k1: ['ann'] })
})

test('who has read nothing is marked nowhere', () => {
  expect(places(timelineOf('me'), member('ann', 0))).toEqual({})
})
