import { expect, test } from 'vitest'
import { flat, rangeOf } from './range'

test('points that lie apart are the ends', () => {
  expect(rangeOf(0, 10)).toEqual([0, 10])
  expect(rangeOf(-3, 1.7e12)).toEqual([-3, 1.7e12])
  expect(rangeOf(null, null)).toEqual([null, null])
})

test.each([
  [0, 0],
  [1, 1 + 2 ** -52],
  [2 ** 53 - 2, 2 ** 53 - 1],
  [-1, -1 + 2 ** -53],
  [5e-324, 1e-323],
  [8.64e15, 8.64e15],
  [1.7e12, 1.7e12 + 0.001],
])('between %d and %d there is room for a thousand numbers', (low, high) => {
  const [from, to] = rangeOf(low, high) as [number, number]
  expect(from).toBeLessThanOrEqual(low)
  expect(to).toBeGreaterThanOrEqual(high)
  const step = (to - from) / 1000
  expect(from + step).toBeGreaterThan(from)
  expect(to - step).toBeLessThan(to)
})

test('next to nothing is nothing', () => {
  expect([5e-324, -1e-30, 0, 1e-9, -3].map(flat)).toEqual([0, 0, 0, 1e-9, -3])
})
