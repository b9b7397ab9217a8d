import { expect, it, vi } from 'vitest'
import type { StreamView } from './contract/schemas.ts'
import { LiveStream, type LiveStreamPorts } from './stream.ts'

function streamWith(ports: Partial<LiveStreamPorts>): LiveStream {
  return new LiveStream('s', undefined, {
    view: () => Promise.reject(new Error('nobody asked for this')),
    timing: () => Promise.reject(new Error('nobody asked for this')),
    online: () => true,
    random: () => 0.5,
    ...ports,
  })
}

it('is missing something from the first look on until the view has come: what came before is no news', async () => {
  let answer: (view: StreamView) => void = () => undefined
  const stream = streamWith({ view: () => new Promise((resolve) => (answer = resolve)) })
  const seen: [boolean, string][] = []
  stream.attach()
  stream.subscribe(({ missing, text }) => seen.push([missing, text]))
  answer({ stream_id: 's', state: 'open', content_type: 'text/plain', offset: 0, text: 'before', end: 6 })
  await vi.waitFor(() => expect(stream.get().missing).toBe(false))
  expect(seen[0]).toEqual([true, ''])
  expect(seen.at(-1)).toEqual([false, 'before'])
})

it('gathers its timing, page by page', async () => {
  const timing = vi.fn(async (stream_id: string, offset: number) => ({
    stream_id,
    offset,
    waits: offset === 0 ? [300, 40] : [1000],
    lengths: offset === 0 ? [2, 3] : [4],
    end: 9,
  }))
  expect(await streamWith({ timing }).timing()).toEqual([
    { wait: 300, length: 2 },
    { wait: 40, length: 3 },
    { wait: 1000, length: 4 },
  ])
  expect(timing.mock.calls).toEqual([
    ['s', 0],
    ['s', 5],
  ])
})
