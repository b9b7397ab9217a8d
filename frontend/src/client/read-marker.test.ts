import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ReadMarker } from './read-marker.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the first is told at once, then one a second, the last one never lost', async () => {
  const tell = vi.fn(async () => {})
  const marker = new ReadMarker(tell, () => true)
  marker.moved(5)
  marker.moved(6)
  marker.moved(9)
  expect(tell.mock.calls).toEqual([[5]])
  await vi.advanceTimersByTimeAsync(1000)
  expect(tell.mock.calls).toEqual([[5], [9]])
  await vi.advanceTimersByTimeAsync(5000)
  expect(tell).toHaveBeenCalledTimes(2)
  marker.moved(10)
  expect(tell).toHaveBeenLastCalledWith(10)
})

test('what could not be told is told when the network is back', async () => {
  let online = false
  const tell = vi.fn(async () => {
    if (!online) throw new Error('it went away')
  })
  const marker = new ReadMarker(tell, () => online)
  marker.moved(5)
  expect(tell).not.toHaveBeenCalled()
  online = true
  marker.flush()
  expect(tell.mock.calls).toEqual([[5]])
  await vi.advanceTimersByTimeAsync(1000)
  marker.flush()
  expect(tell).toHaveBeenCalledOnce()
})
