import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Voice } from './voice'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function listening() {
  const heard: string[] = []
  return { heard, voice: new Voice((text) => heard.push(text)) }
}

test('the first news is told at once, then the newest at a calm pace, and nothing when there is none', () => {
  const { heard, voice } = listening()
  for (const n of [1, 2, 3]) voice.news(() => `value ${String(n)}`)
  expect(heard).toEqual(['value 1'])
  vi.advanceTimersByTime(11_000)
  voice.news(() => 'value 4')
  expect(heard).toEqual(['value 1'])
  vi.advanceTimersByTime(1_000)
  expect(heard).toEqual(['value 1', 'value 4'])
  vi.advanceTimersByTime(60_000)
  expect(heard).toHaveLength(2)
})

test('the last one is always told, once', () => {
  const { heard, voice } = listening()
  voice.news(() => 'a')
  voice.news(() => 'b')
  voice.last()
  expect(heard).toEqual(['a', 'b'])
  voice.last()
  vi.runAllTimers()
  expect(heard).toHaveLength(2)
})

test('a pause is silent', () => {
  const { heard, voice } = listening()
  voice.news(() => 'a')
  voice.news(() => 'b')
  voice.hush()
  vi.runAllTimers()
  expect(heard).toEqual(['a'])
})
