import { expect, test } from 'vitest'
import type { TimelineItem } from '../../client'
import { rowsOf } from './rows'

const ann = { id: 'ann', name: 'Ann', guest: false }
const bob = { id: 'bob', name: 'Bob', guest: true }

function said(seq: number, author: typeof ann, at: string, kind: 'text' | 'stream' = 'text'): TimelineItem {
  const text = `message ${String(seq)}`
  const wire = {
    room_id: 'r',
    seq,
    changed_seq: seq,
    author,
    kind,
    text,
    client_id: `c${String(seq)}`,
    created_at: at,
  }
  const message = { ...wire, id: `m${String(seq)}` }
  return {
    key: wire.client_id,
    state: 'sent',
    author,
    kind,
    text,
    data: undefined,
    created_at: at,
    message,
    entry: null,
    error: null,
  }
}

const firsts = (items: TimelineItem[]) => rowsOf(items, undefined, Infinity, 'me').map((row) => row.first)

test('messages of one author stay together for five minutes', () => {
  const items = [
    said(1, ann, '2026-11-04T10:00:00Z'),
    said(2, ann, '2026-11-04T10:04:00Z'),
    said(3, ann, '2026-11-04T10:10:00Z'),
    said(4, bob, '2026-11-04T10:10:01Z'),
    said(5, ann, '2026-11-04T10:10:02Z'),
  ]
  expect(firsts(items)).toEqual([true, false, true, true, true])
})

test('a live text begins and ends a group', () => {
  const at = '2026-11-04T10:00:00Z'
  expect(firsts([said(1, ann, at), said(2, ann, at, 'stream'), said(3, ann, at)])).toEqual([true, true, true])
})

test('each day is named once, and begins a group', () => {
  const items = [said(1, ann, '2026-11-04T12:00:00Z'), said(2, ann, '2026-11-05T12:00:00Z')]
  expect(rowsOf(items, 'beginning', Infinity, 'me').map((row) => row.day?.getTime() ?? null)).toEqual([
    Date.parse('2026-11-04T12:00:00Z'),
    Date.parse('2026-11-05T12:00:00Z'),
  ])
})

test('no day is named while it is unknown what stands above', () => {
  const [row] = rowsOf([said(1, ann, '2026-11-04T12:00:00Z')], undefined, Infinity, 'me')
  expect(row).toMatchObject({ first: true, day: null })
})

test('the window goes on with the group above it', () => {
  const above = said(1, ann, '2026-11-04T10:00:00Z')
  expect(rowsOf([said(2, ann, '2026-11-04T10:01:00Z')], above, Infinity, 'me')[0]).toMatchObject({
    first: false,
    day: null,
  })
})

test('the line stands once, before the first unread message of somebody else', () => {
  const at = '2026-11-04T10:00:00Z'
  const items = [said(1, ann, at), said(2, bob, at), said(3, ann, at), said(4, ann, at)]
  expect(rowsOf(items, undefined, 1, 'bob').map((row) => row.fresh)).toEqual([false, false, true, false])
  expect(rowsOf(items.slice(3), items[2], 1, 'bob').map((row) => row.fresh)).toEqual([false])
})

test('after the quiet line of a deleted message the next one shows its author', () => {
  const [one, gone, two, three] = [1, 2, 3, 4].map((seq) =>
    said(seq, ann, `2026-11-04T10:00:0${String(seq)}Z`),
  )
  const deleted = { ...gone, message: { ...gone?.message, deleted: true, text: null } } as TimelineItem
  expect(firsts([one, deleted, two, three] as TimelineItem[])).toEqual([true, false, true, false])
})
