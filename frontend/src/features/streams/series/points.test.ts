import { expect, test } from 'vitest'
import { LINES_AT_MOST, Points } from './points'

function pointsOf(...items: unknown[]): Points {
  const points = new Points()
  points.reached(items)
  return points
}

const linesOf = (points: Points) => Object.fromEntries(points.lines.map((line) => [line.name, line.values]))

test('numbers stand over how many came before', () => {
  const points = pointsOf(4, 5, 6)
  expect(points.over).toBe('items')
  expect(points.xs).toEqual([1, 2, 3])
  expect(linesOf(points)).toEqual({ value: [4, 5, 6] })
})

test('several numbers are several lines, with holes where an item does not say one', () => {
  const points = pointsOf({ t: 1, a: 1 }, { t: 2, a: 2, b: 20 }, { t: 3, b: 30 })
  expect(points.over).toBe('number')
  expect(points.xs).toEqual([1, 2, 3])
  expect(linesOf(points)).toEqual({ a: [1, 2, null], b: [null, 20, 30] })
})

test('what comes later is put behind, and nothing is taken twice', () => {
  const items: unknown[] = [1]
  const points = new Points()
  points.reached(items)
  points.reached(items)
  items.push(2, 'words', 3)
  points.reached(items, 2)
  expect(points.length).toBe(2)
  points.reached(items)
  expect(points.xs).toEqual([1, 2, 4])
  expect(linesOf(points)).toEqual({ value: [1, 2, 3] })
})

test('so many points are in the first so many items', () => {
  const points = pointsOf(1, 'words', 2, null, 3)
  expect([0, 1, 2, 3, 4, 5].map((items) => points.within(items))).toEqual([0, 1, 1, 2, 2, 3])
})

test('where the time runs backwards, is missing or is of another kind, points are counted', () => {
  for (const odd of [{ t: 1, value: 3 }, { value: 3 }, { t: '2026-01-02', value: 3 }]) {
    const points = pointsOf({ t: 2, value: 1 }, { t: 2, value: 2 }, odd, { t: 9, value: 4 })
    expect(points.over, JSON.stringify(odd)).toBe('items')
    expect(points.xs).toEqual([1, 2, 3, 4])
    expect(linesOf(points)).toEqual({ value: [1, 2, 3, 4] })
  }
})

test('more lines than can be told apart are left out, and counted', () => {
  const item = Object.fromEntries(Array.from({ length: LINES_AT_MOST + 2 }, (_, k) => [`n${String(k)}`, k]))
  const points = pointsOf(item, item)
  expect(points.lines).toHaveLength(LINES_AT_MOST)
  expect(points.left).toBe(2)
})

test('a line knows how exact it is, and between what its values are', () => {
  const [line] = pointsOf(1.5, -2, 3.25).lines
  expect(line).toMatchObject({ decimals: 2, low: -2, high: 3.25 })
  expect(pointsOf(1e-7, 0.1 + 0.2).lines[0]?.decimals).toBe(4)
  expect(pointsOf(1e21, 5).lines[0]?.decimals).toBe(0)
})

test('a hundred thousand items, a few at a time, are taken each once', () => {
  const items = Array.from({ length: 100_000 }, (_, n) => ({ t: n, value: n }))
  const points = new Points()
  for (let end = 0; end <= items.length; end += 100) points.reached(items, end)
  expect(points.length).toBe(items.length)
})

test('two places are the same, or far enough apart to be drawn', () => {
  const points = new Points()
  const places = [-1e-16, 0, 5e-324, 1e-323, 1e-16, 1e-15, 0.1, 0.1 + 1e-17, 1, 1 + 2 ** -52]
  points.reached(places.map((t) => ({ t, value: 1 })))
  const gaps = points.xs.slice(1).map((x, i) => x - (points.xs[i] ?? NaN))
  expect(gaps.filter((gap) => gap !== 0 && gap < 1e-16)).toEqual([])
  expect(points.xs.at(-1)).toBe(1 + 2 ** -52)
})
