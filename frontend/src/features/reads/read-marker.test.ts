import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ReadMarker } from './read-marker'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the first is told at once, then one a second, the last one never lost', () => {
  const markRead = vi.fn()
  const marker = new ReadMarker({ markRead })
  marker.seen(5)
  marker.seen(6)
  marker.seen(9)
  expect(markRead.mock.calls).toEqual([[5]])
  vi.advanceTimersByTime(1000)
  expect(markRead.mock.calls).toEqual([[5], [9]])
  vi.advanceTimersByTime(5000)
  marker.seen(7)
  expect(markRead).toHaveBeenCalledTimes(2)
  marker.seen(10)
  expect(markRead).toHaveBeenLastCalledWith(10)
})
