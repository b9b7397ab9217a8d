import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { LiveStream, LiveStreamState } from '../../client'
import { announcer } from '../../ui/announcer.svelte'
import { LiveText } from './live-text.svelte'

/** A stream that says what the test says. */
function streamOf(text: string, changes: Partial<LiveStreamState> = {}) {
  const listeners = new Set<(state: LiveStreamState) => void>()
  let state: LiveStreamState = { ...stateOf(text), ...changes }
  const detach = vi.fn()
  const stream: LiveStream = {
    id: 's',
    get: () => state,
    attach: () => detach,
    timing: async () => [],
    subscribe(listener) {
      listeners.add(listener)
      listener(state)
      return () => listeners.delete(listener)
    },
  }
  const becomes = (next: string, changes: Partial<LiveStreamState> = {}) => {
    state = { ...stateOf(next), ...changes }
    for (const listener of listeners) listener(state)
  }
  return { stream, becomes, detach, listeners }
}

const stateOf = (text: string): LiveStreamState => ({
  state: 'open',
  content_type: 'text/plain',
  text,
  items: [],
  end: text.length,
  missing: false,
  by: null,
  reason: null,
  error: null,
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.runAllTimers()
  vi.useRealTimers()
})

test('what was written before is there at once, what comes is spread, and an end shows all', () => {
  const { stream, becomes } = streamOf('before')
  const live = new LiveText(stream)
  const stop = live.follow()
  expect(live.shown).toBe('before')
  vi.advanceTimersByTime(500)
  becomes('before and after')
  expect(live.shown.length).toBeLessThan('before and after'.length)
  vi.advanceTimersByTime(200)
  expect(live.shown).toBe('before and after')
  becomes('before and after all of it', { state: 'stopped' })
  expect(live.shown).toBe('before and after all of it')
  stop()
})

test('whole sentences are heard, and nothing of what was there before', () => {
  const said = vi.spyOn(announcer, 'say')
  const { stream, becomes } = streamOf('Long ago. ')
  const stop = new LiveText(stream).follow()
  vi.advanceTimersByTime(3000)
  becomes('Long ago. It rains. We st')
  becomes('Long ago. It rains. We stay in. And')
  expect(said.mock.calls).toEqual([['It rains.']])
  becomes('Long ago. It rains. We stay in. And', { state: 'finished' })
  expect(said.mock.calls).toEqual([['It rains.'], ['We stay in. And']])
  stop()
})

test('whoever comes in the middle hears the sentence that is being written, and Markdown without its signs', () => {
  const said = vi.spyOn(announcer, 'say').mockClear()
  const { stream, becomes } = streamOf('Long ago. It ra', { content_type: 'text/markdown', missing: true })
  const stop = new LiveText(stream).follow()
  becomes('Long ago. It ra', { content_type: 'text/markdown' })
  vi.advanceTimersByTime(3000)
  becomes('Long ago. It ra**ins**. We', { content_type: 'text/markdown' })
  expect(said.mock.calls).toEqual([['It rains.']])
  stop()
})

test('nothing is heard of a text that had ended before', () => {
  const said = vi.spyOn(announcer, 'say').mockClear()
  const { stream, becomes } = streamOf('', { missing: true, state: 'finished' })
  const stop = new LiveText(stream).follow()
  vi.advanceTimersByTime(3000)
  becomes('All of it. Without an end', { state: 'finished' })
  expect(said).not.toHaveBeenCalled()
  stop()
})

test('it lets go of the stream', () => {
  const { stream, detach, listeners } = streamOf('')
  new LiveText(stream).follow()()
  expect(detach).toHaveBeenCalledOnce()
  expect(listeners.size).toBe(0)
})
