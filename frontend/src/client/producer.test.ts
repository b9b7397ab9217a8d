import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Producer } from './producer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A producer whose appends are all stored, and what they were. */
function writing() {
  const pieces: unknown[][] = []
  const append = vi.fn(({ offset, items }: { offset: number; items?: unknown[] | null }) => {
    pieces.push(items ?? [])
    return Promise.resolve({ offset: offset + (items?.length ?? 0) })
  })
  const answer = () => Promise.resolve({ offset: 0 })
  const lease = { stream_id: 's', lease: 1, lease_s: 10 }
  return { pieces, producer: new Producer(lease, 0, { append, finish: answer, renew: answer }) }
}

test('items go out in pieces that the server takes, whether they are many or long', async () => {
  const { pieces, producer } = writing()
  const items = [
    ...Array.from({ length: 450 }, (_, n) => n),
    ...Array.from({ length: 5 }, () => 'x'.repeat(7_000)),
  ]
  producer.appendItems(items)
  await producer.flush()
  expect(pieces.flat()).toEqual(items)
  expect(pieces.map((piece) => piece.length)).toEqual([200, 200, 52, 2, 1])
  expect(Math.max(...pieces.map((piece) => JSON.stringify(piece).length))).toBeLessThan(16_100)
})

test('an item that is longer than a piece goes out alone', async () => {
  const { pieces, producer } = writing()
  producer.appendItems([1, 'x'.repeat(40_000), 2])
  await producer.flush()
  expect(pieces.map((piece) => piece.length)).toEqual([1, 1, 1])
})
