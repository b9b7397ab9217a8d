import { expect, test } from 'vitest'
import { FASTEST, paceAt, positionOf, secondsFor, SLOWEST, wordFor } from './pace'

test('the ends of the slider are the bounds of the wire', () => {
  expect(paceAt(0)).toBe(SLOWEST)
  expect(paceAt(100)).toBe(FASTEST)
})

test('every position is within the bounds, and faster than the one before or equal', () => {
  for (let i = 1; i <= 100; i++) expect(paceAt(i)).toBeLessThanOrEqual(paceAt(i - 1))
})

test.each([5, 20, 40, 150, 1000, 5000])('%d ms comes back from its position, near enough', (pace) => {
  expect(paceAt(positionOf(pace)) / pace).toBeCloseTo(1, 0)
})

test('words go from slow to fast', () => {
  expect([5000, 300, 80, 20, 5].map(wordFor)).toEqual(['typewriter', 'hand', 'brisk', 'quick', 'rush'])
})

test('an emoji is one character', () => {
  expect(secondsFor('a😀', 500)).toBe(1)
})
