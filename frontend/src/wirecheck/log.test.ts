import { expect, test } from 'vitest'
import { copied, Log, type Direction } from './log'

const ALL = { words: '', direction: 'all' } as const

function filled(count: number, bounds?: { entries: number; characters: number }): Log {
  const log = new Log(bounds, () => Date.UTC(2026, 0, 2, 3, 4, 5, 678))
  for (let n = 1; n <= count; n++) add(log, `event ${String(n)}`)
  return log
}

function add(log: Log, event: string, direction: Direction = 'in', args: unknown[] = []) {
  return log.add({ direction, namespace: '/', event, args })
}

const events = (log: Log, filter: Parameters<Log['seen']>[0] = ALL) =>
  log.seen(filter).map(({ event }) => event)

test('it forgets the oldest when there are too many', () => {
  expect(events(filled(7, { entries: 3, characters: 10_000 }))).toEqual(['event 5', 'event 6', 'event 7'])
})

test('it forgets the oldest when they are too big, but never the newest', () => {
  const log = new Log({ entries: 100, characters: 500 })
  for (const name of ['a', 'b', 'c']) add(log, name, 'in', ['x'.repeat(150)])
  expect(events(log)).toEqual(['c'])
  add(log, 'd', 'in', ['x'.repeat(5_000)])
  expect(events(log)).toEqual(['d'])
})

test('a big argument is kept by its beginning and its size', () => {
  const log = new Log()
  const { line, full, json } = add(log, 'big', 'in', ['x'.repeat(500_000), new Uint8Array(500_000)])
  expect(line).toContain('500000 units')
  expect(line).toContain('500000 bytes')
  expect(full.length + json.length).toBeLessThan(100_000)
  expect(JSON.parse(json)).toHaveLength(2)
})

test('every word of a filter must be in it, wherever, in whatever case', () => {
  const log = new Log()
  log.add({ direction: 'in', namespace: '/test', event: 'My Response', args: [{ colour: 'green' }] })
  log.add({ direction: 'out', namespace: '/', event: 'my event', args: ['green'] })
  log.add({ direction: 'in', namespace: '/', event: 'my event', args: ['one', 2], ack: { ms: 3 } })
  expect(events(log, { words: 'GREEN  my', direction: 'all' })).toEqual(['My Response', 'my event'])
  expect(events(log, { words: '/test', direction: 'all' })).toEqual(['My Response'])
  expect(events(log, { words: 'green', direction: 'out' })).toEqual(['my event'])
  expect(log.seen({ words: 'ack', direction: 'all' })).toHaveLength(1)
  expect(events(log, { words: 'red', direction: 'all' })).toEqual([])
})

test('paused it shows what there was, and counts what has come', () => {
  const log = filled(2, { entries: 3, characters: 10_000 })
  log.pause()
  for (const name of ['c', 'd', 'e']) add(log, name)
  expect(events(log)).toEqual(['event 1', 'event 2'])
  expect(log.held).toBe(3)
  log.resume()
  expect(events(log)).toEqual(['c', 'd', 'e'])
  expect([log.held, log.paused]).toEqual([0, false])
})

test('cleared while it is paused it is empty and goes on counting', () => {
  const log = filled(2)
  log.pause()
  log.clear()
  expect([events(log), log.held]).toEqual([[], 0])
  add(log, 'later')
  expect([events(log), log.held]).toEqual([[], 1])
})

test('whoever listens is told of each change', () => {
  const log = new Log()
  let told = 0
  const unsubscribe = log.subscribe(() => (told += 1))
  add(log, 'a')
  log.pause()
  unsubscribe()
  log.resume()
  expect(told).toBe(2)
})

test('what is copied is one JSON line an entry', () => {
  const log = filled(0)
  add(log, 'my event', 'out', ['a', Uint8Array.of(0, 255)])
  log.add({ direction: 'in', namespace: '/', event: 'my event', args: ['one', 2], ack: { ms: 7 } })
  const lines = copied(log.seen(ALL))
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  const same = { time: '2026-01-02T03:04:05.678Z', namespace: '/', event: 'my event' }
  expect(lines).toEqual([
    { ...same, direction: 'out', args: ['a', { $bytes: 2, hex: '00ff' }] },
    { ...same, direction: 'in', ack: { ms: 7 }, args: ['one', 2] },
  ])
})
