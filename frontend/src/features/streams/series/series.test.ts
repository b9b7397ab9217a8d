import { expect, test } from 'vitest'
import { Series } from './series.svelte'

function growing() {
  const items: unknown[] = []
  const series = new Series()
  const comes = (...more: unknown[]) => {
    items.push(...more)
    series.reached({ items, end: items.length })
  }
  return { series, comes }
}

test('nothing is decided before the first item', () => {
  const { series, comes } = growing()
  comes()
  expect(series.kind).toBeNull()
  comes(null)
  expect(series.kind).toBeNull()
  comes({ value: 3 })
  expect(series.kind).toBe('plot')
  expect(series.points.length).toBe(1)
  comes('words')
  expect(series.kind).toBe('plot')
  expect([series.shown, series.points.length]).toEqual([3, 1])
})

test('words are a log, and no points are made of what follows', () => {
  const { series, comes } = growing()
  comes('words', 5)
  expect(series.kind).toBe('log')
  expect(series.points.length).toBe(0)
})

test('a pause holds what is shown and goes on collecting; going on shows all of it', () => {
  const { series, comes } = growing()
  comes(1, 2, 3)
  series.pause()
  expect([series.paused, series.shown, series.waiting]).toEqual([true, 3, 0])
  comes(4)
  comes(5, 6)
  expect([series.shown, series.waiting, series.points.length]).toEqual([3, 3, 6])
  expect(series.points.within(series.shown)).toBe(3)
  series.goOn()
  expect([series.paused, series.shown, series.waiting]).toEqual([false, 6, 0])
})
