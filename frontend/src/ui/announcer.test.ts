import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { announcer } from './announcer.svelte'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.runAllTimers()
  vi.useRealTimers()
})

const many = (n: number) => `${String(n)} messages`

test('one message is read out', () => {
  announcer.say('Ann: hello', many)
  vi.advanceTimersByTime(200)
  expect(announcer.text).toBe('Ann: hello')
})

test('what comes while it speaks waits, and a flood is only counted', () => {
  announcer.say('Ann: 1', many)
  vi.advanceTimersByTime(200)
  for (let i = 2; i < 8; i++) announcer.say(`Ann: ${String(i)}`, many)
  expect(announcer.text).toBe('Ann: 1')
  vi.advanceTimersByTime(1500)
  expect(announcer.text).toBe('6 messages')
})
