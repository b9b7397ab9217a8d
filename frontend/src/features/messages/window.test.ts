import { expect, test } from 'vitest'
import type { Timeline, TimelineItem } from '../../client'
import { TimelineWindow } from './window.svelte'

/** As much of a timeline as the window asks for. */
function timelineOf(from: number, to: number) {
  let items = keys(from, to)
  const timeline = {
    get length() {
      return items.length
    },
    at: (index: number) => items[index],
    slice: (start?: number, end?: number) => items.slice(start, end),
    indexOfKey: (key: string) => items.findIndex((item) => item.key === key),
  }
  return {
    timeline: timeline as unknown as Timeline,
    append: (n: number) =>
      (items = [...items, ...keys(Number(items.at(-1)?.key) + 1, Number(items.at(-1)?.key) + n)]),
    prepend: (n: number) =>
      (items = [...keys(Number(items[0]?.key) - n, Number(items[0]?.key) - 1), ...items]),
  }
}

const keys = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ key: String(from + i) }) as TimelineItem)

const edges = (window: TimelineWindow) => [Number(window.items[0]?.key), Number(window.items.at(-1)?.key)]

test('it begins with the newest', () => {
  const window = new TimelineWindow(timelineOf(1, 10_000).timeline)
  window.refresh(true)
  expect(edges(window)).toEqual([9921, 10_000])
  expect(window.above?.key).toBe('9920')
})

test('it follows at the bottom and stays small', () => {
  const { timeline, append } = timelineOf(1, 100)
  const window = new TimelineWindow(timeline)
  window.refresh(true)
  append(500)
  window.refresh(true)
  expect(edges(window)).toEqual([521, 600])
})

test('a reader further up keeps the place while others write', () => {
  const { timeline, append } = timelineOf(1, 100)
  const window = new TimelineWindow(timeline)
  window.refresh(true)
  append(500)
  window.refresh(false)
  expect(edges(window)).toEqual([21, 260])
  expect(window.whole).toBe(false)
  window.toNewest()
  expect(edges(window)).toEqual([521, 600])
})

test('older messages loaded above move nothing in the window', () => {
  const { timeline, prepend } = timelineOf(501, 600)
  const window = new TimelineWindow(timeline)
  window.refresh(true)
  while (window.extendUp());
  prepend(100)
  window.refresh(false)
  expect(edges(window)).toEqual([501, 600])
  expect(window.extendUp()).toBe(true)
  expect(edges(window)).toEqual([471, 600])
})

test('scrolling up and down through ten thousand never mounts more than 240', () => {
  const window = new TimelineWindow(timelineOf(1, 10_000).timeline)
  window.refresh(true)
  let most = 0
  while (window.extendUp()) most = Math.max(most, window.items.length)
  expect(edges(window)[0]).toBe(1)
  while (window.extendDown()) most = Math.max(most, window.items.length)
  expect(edges(window)[1]).toBe(10_000)
  expect(most).toBe(240)
})
