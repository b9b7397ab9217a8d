import { expect, test } from 'vitest'
import { FreshLine } from './fresh.svelte'

test('what came before one looked stays new while one looks', () => {
  const line = new FreshLine(10)
  line.looksOn(12)
  expect(line.after).toBe(10)
})

test('what comes under the eyes is not new', () => {
  const line = new FreshLine(10)
  line.looksOn(10)
  expect(line.after).toBe(Infinity)
})

test('whoever looks away finds the line there, until they answer', () => {
  const line = new FreshLine(10)
  line.looksOn(10)
  line.lookedAway(15)
  expect(line.after).toBe(15)
  line.looksOn(17)
  expect(line.after).toBe(15)
  line.answered()
  expect(line.after).toBe(Infinity)
})
