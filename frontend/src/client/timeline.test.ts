import { describe, expect, it } from 'vitest'
import type { History, Message } from './contract/schemas.ts'
import { offline } from './errors.ts'
import type { OutboxEntry } from './outbox-store.ts'
import { seeded, shuffled } from './testing/random.ts'
import { Timeline } from './timeline.ts'

const ann = { id: 'ann', name: 'Ann', guest: true }

function message(seq: number, change: Partial<Message> = {}): Message {
  const base = { room_id: 'lobby', seq, changed_seq: seq, author: ann, kind: 'text' as const, created_at: '' }
  return { ...base, id: `m${seq}`, text: `text ${seq}`, client_id: `c${seq}`, ...change }
}

function entry(client_id: string): OutboxEntry {
  const base = {
    user_id: 'ann',
    room_id: 'lobby',
    kind: 'text',
    data: null,
    state: 'pending',
    error: null,
  } as const
  return { ...base, client_id, text: client_id, created_at: '' }
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index))
const nothing = () => Promise.resolve<History>({ messages: [], more: false })
const seqs = (timeline: Timeline) =>
  timeline.slice().map((item) => item.message?.seq ?? item.entry?.client_id)

/** A timeline over a log of so many messages, with its newest page loaded. */
function over(newest: number, page = 50): Timeline {
  const fetchPage = async (before: number | null, limit: number): Promise<History> => {
    const last = before === null ? newest : before - 1
    const first = Math.max(1, last - limit + 1)
    return { messages: range(first, last), more: first > 1 }
  }
  const timeline = new Timeline(fetchPage)
  timeline.reset({ messages: range(Math.max(1, newest - page + 1), newest), more: newest > page })
  return timeline
}

describe('a timeline', () => {
  it('keeps messages by seq, each once, whatever order they come in', () => {
    const timeline = new Timeline(nothing)
    for (const one of shuffled([...range(1, 50), ...range(10, 30)], seeded(1))) timeline.upsert(one)
    expect(seqs(timeline)).toEqual(range(1, 50).map(({ seq }) => seq))
  })

  it('takes an edit, and never goes back to an older state', () => {
    const timeline = new Timeline(nothing)
    timeline.upsert(message(1))
    const key = timeline.at(0)?.key
    timeline.upsert(message(1, { changed_seq: 5, text: 'edited' }))
    timeline.upsert(message(1, { changed_seq: 3, text: 'older' }))
    expect(timeline.length).toBe(1)
    expect(timeline.at(0)).toMatchObject({ key, text: 'edited' })
  })

  it('tells of a batch once, and of nothing when nothing changed', () => {
    const timeline = new Timeline(nothing)
    const told: number[] = []
    timeline.version.subscribe((version) => told.push(version))
    timeline.batch(() => range(1, 20).forEach((one) => timeline.upsert(one)))
    timeline.upsert(message(3))
    expect(told).toEqual([0, 1])
  })

  it('turns a pending send into the message, under the same key', () => {
    const timeline = new Timeline(nothing)
    timeline.upsert(message(1))
    timeline.setWaiting([entry('a'), entry('b')], ann)
    const key = timeline.at(1)?.key ?? ''
    expect(timeline.indexOfKey(key)).toBe(1)
    timeline.upsert(message(2, { client_id: 'a' }))
    expect(seqs(timeline)).toEqual([1, 2, 'b'])
    expect(timeline.at(1)).toMatchObject({ key, state: 'sent' })
    expect(timeline.indexOfKey(key)).toBe(1)
    timeline.setWaiting([entry('a'), entry('b')], ann)
    expect(seqs(timeline)).toEqual([1, 2, 'b'])
  })

  it('shows an acked send at the end until the log has reached it, without a moment of absence', () => {
    const timeline = new Timeline(nothing)
    timeline.setWaiting([entry('a'), entry('b')], ann)
    timeline.settle(message(7, { client_id: 'a' }))
    timeline.setWaiting([entry('b')], ann)
    expect(timeline.slice().map(({ state }) => state)).toEqual(['sent', 'pending'])
    timeline.upsert(message(6))
    expect(seqs(timeline)).toEqual([6, 7, 'b'])
    timeline.upsert(message(7, { client_id: 'a' }))
    expect(seqs(timeline)).toEqual([6, 7, 'b'])
  })

  it('loads older pages to the beginning', async () => {
    const timeline = over(120)
    expect(timeline.older.get().more).toBe(true)
    expect(await Promise.all([timeline.loadOlder(), timeline.loadOlder()])).toEqual([50, 50])
    expect(await timeline.loadOlder()).toBe(20)
    expect(await timeline.loadOlder()).toBe(0)
    expect(seqs(timeline)).toEqual(range(1, 120).map(({ seq }) => seq))
    expect(timeline.older.get().more).toBe(false)
  })

  it('can load older again after a failure', async () => {
    let fail = true
    const timeline = new Timeline(async () => {
      if (fail) throw offline()
      return { messages: range(1, 5), more: false }
    })
    timeline.reset({ messages: range(6, 10), more: true })
    await expect(timeline.loadOlder()).rejects.toMatchObject({ code: 'offline' })
    expect(timeline.older.get()).toMatchObject({ more: true, loading: false, error: { code: 'offline' } })
    fail = false
    expect(await timeline.loadOlder()).toBe(5)
  })

  it('does not lose an edit that is told while the page of its message is on its way', async () => {
    let answer: (page: History) => void = () => undefined
    const timeline = new Timeline(() => new Promise((resolve) => (answer = resolve)))
    timeline.reset({ messages: range(6, 10), more: true })
    const loading = timeline.loadOlder()
    timeline.upsert(message(3, { changed_seq: 11, text: 'edited' }))
    expect(timeline.length).toBe(5)
    answer({ messages: range(1, 5), more: false })
    await loading
    expect(timeline.message('m3')?.text).toBe('edited')
  })

  it('drops a page that was asked for before a reset', async () => {
    let answer: (page: History) => void = () => undefined
    const timeline = new Timeline(() => new Promise((resolve) => (answer = resolve)))
    timeline.reset({ messages: range(6, 10), more: true })
    const loading = timeline.loadOlder()
    timeline.reset({ messages: range(90, 95), more: true })
    answer({ messages: range(1, 5), more: false })
    expect(await loading).toBe(0)
    expect(seqs(timeline)).toEqual([90, 91, 92, 93, 94, 95])
  })

  it('goes back to the newest, and loads again what it let go', async () => {
    const timeline = over(300)
    while (timeline.older.get().more) await timeline.loadOlder(100)
    timeline.trim(40)
    expect(timeline.length).toBe(40)
    expect(timeline.message('m260')).toBeUndefined()
    await timeline.loadOlder(10)
    expect(seqs(timeline)[0]).toBe(251)
  })

  it('finds messages by seq, and counts those of others after one', () => {
    const timeline = new Timeline(nothing)
    const bob = { id: 'bob', name: 'Bob', guest: true }
    for (const seq of [2, 4, 8]) timeline.upsert(message(seq, seq === 4 ? {} : { author: bob }))
    expect([1, 2, 3, 8].map((seq) => timeline.indexOfSeq(seq))).toEqual([0, 0, 1, 2])
    expect(timeline.indexOfSeq(9)).toBe(timeline.length)
    expect(timeline.othersAfter(2, 'ann')).toBe(1)
    expect(timeline.othersAfter(0, 'ann')).toBe(2)
  })

  it('stays cheap with 10,000 messages', () => {
    const timeline = new Timeline(nothing)
    timeline.reset({ messages: range(1, 10_000), more: false })
    const started = performance.now()
    for (let seq = 10_001; seq <= 12_000; seq += 1) timeline.upsert(message(seq))
    for (let seq = 1; seq <= 2_000; seq += 1) timeline.upsert(message(seq, { changed_seq: 12_000 + seq }))
    // 4,000 changes; a copy of the room for each would take seconds.
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(timeline.length).toBe(12_000)
  })
})
