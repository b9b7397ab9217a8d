import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Replay } from './replay.svelte'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const STEPS = [
  { wait: 300, length: 4 },
  { wait: 100, length: 4 },
  { wait: 60_000, length: 4 },
]

test('it is written again in its own time, and long silences are short', () => {
  const over = vi.fn()
  const replay = new Replay('one two and.', STEPS, over)
  vi.advanceTimersByTime(250)
  expect(replay.shown).toBe('')
  vi.advanceTimersByTime(100)
  expect(replay.shown).toBe('one ')
  vi.advanceTimersByTime(100)
  expect(replay.shown).toBe('one two ')
  expect(over).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1_600)
  expect(replay.shown).toBe('one two and.')
  expect(over).toHaveBeenCalledOnce()
})

test('it can be four times as fast', () => {
  const replay = new Replay('one two and.', STEPS, vi.fn())
  replay.fast = true
  vi.advanceTimersByTime(120)
  expect(replay.shown).toBe('one two ')
  replay.stop()
})

test('it can be stopped, and says so once', () => {
  const over = vi.fn()
  const replay = new Replay('one two and.', STEPS, over)
  vi.advanceTimersByTime(350)
  replay.stop()
  replay.stop()
  vi.advanceTimersByTime(5_000)
  expect(replay.shown).toBe('one ')
  expect(over).toHaveBeenCalledOnce()
})
