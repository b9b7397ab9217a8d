import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from './contract/schemas.ts'
import { CrosstalkError, type ErrorCode, offline, timedOut } from './errors.ts'
import { localLock } from './lock.ts'
import { Outbox } from './outbox.ts'
import { indexedDbOutboxStore } from './outbox-idb.ts'
import { memoryOutboxStore, type OutboxEntry, type OutboxStore } from './outbox-store.ts'
import type { Lock } from './surface.ts'

const ann = { id: 'ann', name: 'Ann', guest: true }

function entry(text: string, room_id = 'lobby'): OutboxEntry {
  const created_at = '2026-01-01T00:00:00Z'
  const base = {
    user_id: 'ann',
    room_id,
    kind: 'text',
    data: null,
    created_at,
    state: 'pending',
    error: null,
  } as const
  return { ...base, client_id: `id-${text}`, text }
}

/** A server that stores by client_id, and whose way can be cut before or after it has stored. */
class Server {
  readonly log: OutboxEntry[] = []
  online = true
  readonly faults: (ErrorCode | 'answer lost')[] = []
  inFlight = 0
  mostInFlight = 0

  async send(sent: OutboxEntry): Promise<Message> {
    this.inFlight += 1
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight)
    try {
      await new Promise((resolve) => setTimeout(resolve, 10))
      const fault = this.online ? this.faults.shift() : 'offline'
      if (fault === 'offline') throw offline()
      if (fault !== undefined && fault !== 'answer lost')
        throw new CrosstalkError({ code: fault, message: fault })
      if (!this.log.some(({ client_id }) => client_id === sent.client_id)) this.log.push(sent)
      if (fault === 'answer lost') throw timedOut()
      return messageOf(sent, this.log.length)
    } finally {
      this.inFlight -= 1
    }
  }

  texts(room_id = 'lobby'): (string | null)[] {
    return this.log.filter((one) => one.room_id === room_id).map(({ text }) => text)
  }
}

function messageOf({ client_id, room_id, text, created_at }: OutboxEntry, seq: number): Message {
  return {
    id: `m${seq}`,
    room_id,
    seq,
    changed_seq: seq,
    author: ann,
    kind: 'text',
    text,
    client_id,
    created_at,
  }
}

function outboxOn(server: Server, store: OutboxStore, lock: Lock = localLock()): Outbox {
  return new Outbox(store, {
    send: (one) => server.send(one),
    sent: () => undefined,
    online: () => server.online,
    random: () => 0.5,
    lock,
  })
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const soon = () => vi.advanceTimersByTimeAsync(1_000)
const aWhile = () => vi.advanceTimersByTimeAsync(120_000)

describe('the outbox', () => {
  it('sends in order, one at a time, and is empty then', async () => {
    const server = new Server()
    const outbox = outboxOn(server, memoryOutboxStore())
    await outbox.start('ann')
    await Promise.all(['one', 'two', 'three'].map((text) => outbox.add(entry(text))))
    expect(outbox.entries.get().map(({ text }) => text)).toEqual(['one', 'two', 'three'])
    await soon()
    expect(server.texts()).toEqual(['one', 'two', 'three'])
    expect(server.mostInFlight).toBe(1)
    expect(outbox.entries.get()).toEqual([])
  })

  it('does not let one room wait for another', async () => {
    const server = new Server()
    server.faults.push('rate_limited')
    const outbox = outboxOn(server, memoryOutboxStore())
    await outbox.start('ann')
    await outbox.add(entry('held', 'slow'))
    await outbox.add(entry('free', 'quick'))
    await vi.advanceTimersByTimeAsync(30)
    expect(server.texts('quick')).toEqual(['free'])
    await soon()
    expect(server.texts('slow')).toEqual(['held'])
  })

  it('keeps what was written offline, and sends it in order when the connection is back', async () => {
    const server = new Server()
    server.online = false
    const outbox = outboxOn(server, memoryOutboxStore())
    await outbox.start('ann')
    for (const text of ['one', 'two', 'three']) await outbox.add(entry(text))
    await aWhile()
    expect(server.log).toEqual([])
    server.online = true
    outbox.wakeAll()
    await soon()
    expect(server.texts()).toEqual(['one', 'two', 'three'])
  })

  it('sends again what was not answered; the server has it once', async () => {
    const server = new Server()
    server.faults.push('answer lost', 'unavailable', 'answer lost')
    const outbox = outboxOn(server, memoryOutboxStore())
    await outbox.start('ann')
    await outbox.add(entry('one'))
    await outbox.add(entry('two'))
    await aWhile()
    expect(server.texts()).toEqual(['one', 'two'])
    expect(outbox.entries.get()).toEqual([])
  })

  it('takes a message seen in the log for sent, though its ack was lost', async () => {
    const server = new Server()
    server.faults.push('answer lost')
    const outbox = outboxOn(server, memoryOutboxStore())
    await outbox.start('ann')
    const one = await outbox.add(entry('one'))
    await vi.advanceTimersByTimeAsync(5)
    await outbox.seen(messageOf(one, 1))
    expect(outbox.entries.get()).toEqual([])
    await aWhile()
    expect(server.texts()).toEqual(['one'])
  })

  it('waits as long as the server says', async () => {
    const server = new Server()
    const send = vi.fn(async (): Promise<Message> => {
      throw new CrosstalkError({ code: 'rate_limited', message: 'too many', retryAfter: 60 })
    })
    server.send = send
    const outbox = outboxOn(server, memoryOutboxStore())
    await outbox.start('ann')
    await outbox.add(entry('one'))
    await vi.advanceTimersByTimeAsync(59_000)
    await outbox.add(entry('two'))
    expect(send).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(send).toHaveBeenCalledTimes(2)
  })

  it('marks what is refused for good, goes on with the rest, and leaves the choice to the person', async () => {
    const server = new Server()
    server.faults.push('too_large')
    const store = memoryOutboxStore()
    const outbox = outboxOn(server, store)
    await outbox.start('ann')
    await outbox.add(entry('one'))
    await outbox.add(entry('two'))
    await soon()
    expect(server.texts()).toEqual(['two'])
    expect(outbox.entries.get()).toMatchObject([
      { text: 'one', state: 'failed', error: { code: 'too_large' } },
    ])
    await outbox.retry('id-one')
    await soon()
    expect(server.texts()).toEqual(['two', 'one'])
    server.faults.push('forbidden')
    await outbox.add(entry('three'))
    await soon()
    await outbox.discard('id-three')
    expect(outbox.entries.get()).toEqual([])
    expect(await store.all()).toEqual([])
  })

  it('gives a text another name when its own was taken', async () => {
    const server = new Server()
    server.faults.push('conflict')
    const outbox = outboxOn(server, memoryOutboxStore())
    await outbox.start('ann')
    await outbox.add(entry('one'))
    await soon()
    await outbox.retry('id-one')
    await soon()
    expect(server.texts()).toEqual(['one'])
    expect(server.log[0]?.client_id).not.toBe('id-one')
  })

  it('survives a reload, and keeps to the person who wrote it', async () => {
    const server = new Server()
    server.online = false
    const store = memoryOutboxStore()
    const before = outboxOn(server, store)
    await before.start('ann')
    await before.add(entry('one'))
    await before.add(entry('two'))
    before.stop()

    server.online = true
    const others = outboxOn(server, store)
    await others.start('bob')
    await soon()
    expect(others.entries.get()).toEqual([])
    const after = outboxOn(server, store)
    await after.start('ann')
    await soon()
    expect(server.texts()).toEqual(['one', 'two'])
  })

  it('is sent once and in order by two tabs that share store and lock', async () => {
    const server = new Server()
    const store = memoryOutboxStore()
    const lock = localLock()
    const tabs = [outboxOn(server, store, lock), outboxOn(server, store, lock)] as const
    for (const tab of tabs) await tab.start('ann')
    await tabs[0].add(entry('one'))
    await tabs[1].add(entry('two'))
    await tabs[0].add(entry('three'))
    const send = vi.spyOn(server, 'send')
    for (const tab of tabs) tab.wakeAll()
    await soon()
    expect(server.texts()).toEqual(['one', 'two', 'three'])
    expect(send.mock.calls.length).toBeLessThanOrEqual(3)
    expect(server.mostInFlight).toBe(1)
  })

  it('sends all the same when the device cannot store', async () => {
    const server = new Server()
    const broken = new Error('no room left')
    const store = {
      all: () => Promise.reject(broken),
      put: () => Promise.reject(broken),
      remove: () => Promise.reject(broken),
    }
    const outbox = outboxOn(server, store)
    await outbox.start('ann')
    await outbox.add(entry('one'))
    await soon()
    expect(server.texts()).toEqual(['one'])
    expect(outbox.entries.get()).toEqual([])
  })
})

describe('the IndexedDB store', () => {
  beforeEach(() => void vi.useRealTimers())

  it('keeps the order of first puts, over changes and over tabs', async () => {
    const [one, other] = [indexedDbOutboxStore('order'), indexedDbOutboxStore('order')]
    await one.put(entry('a'))
    await other.put(entry('b'))
    await one.put(entry('c'))
    await other.put({ ...entry('a'), state: 'failed' })
    expect((await one.all()).map(({ text, state }) => [text, state])).toEqual([
      ['a', 'failed'],
      ['b', 'pending'],
      ['c', 'pending'],
    ])
    await one.remove('id-b')
    await one.remove('id-never')
    expect((await other.all()).map(({ text }) => text)).toEqual(['a', 'c'])
  })

  it('tells other tabs of a change, not itself', async () => {
    const [one, other] = [indexedDbOutboxStore('tell'), indexedDbOutboxStore('tell')]
    const own = vi.fn()
    const unsubscribe = one.subscribe?.(own)
    await new Promise<void>((resolve) => {
      const stop = other.subscribe?.(() => {
        stop?.()
        resolve()
      })
      void one.put(entry('a'))
    })
    expect(own).not.toHaveBeenCalled()
    unsubscribe?.()
  })
})
