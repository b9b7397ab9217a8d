import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../src/client/index.ts'
import { Server } from '../server.ts'
import { losing } from './losing.ts'
import {
  closeAll,
  enter,
  guest,
  history,
  live,
  online,
  shows,
  showsSent,
  texts,
  together,
  traveller,
} from './people.ts'

let server: Server
beforeAll(async () => void (server = await Server.start()))
afterAll(() => server.stop())
afterEach(closeAll)

describe.each([
  { transports: ['polling'] },
  { transports: ['websocket'] },
  { transports: ['polling', 'websocket'] },
] as const)('over $transports', ({ transports }) => {
  it('two people see the same messages in the same order', async () => {
    const ann = await guest(server, 'Ann', { transports })
    const bob = await guest(server, 'Bob', { transports })
    const [annsRoom, bobsRoom] = await together(ann, bob)
    for (let number = 1; number <= 5; number += 1) {
      await annsRoom.send(`ann ${number}`)
      await bobsRoom.send(`bob ${number}`)
    }
    await showsSent(annsRoom, 10)
    await showsSent(bobsRoom, 10)
    expect(texts(bobsRoom)).toEqual(texts(annsRoom))
    for (const name of ['ann', 'bob']) {
      const own = texts(annsRoom).filter((text) => text?.startsWith(name))
      expect(own).toEqual([1, 2, 3, 4, 5].map((number) => `${name} ${number}`))
    }
    expect(transports).toContain(ann.client.connection.get().transport)
    expect(ann.client.connection.get().latency_ms).not.toBeNull()
  })
})

it('a send is pending at once, then sent exactly once, under one key', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [room, bobsRoom] = await together(ann, bob)
  const states: string[] = []
  room.timeline.version.subscribe(() => {
    const items = room.timeline.slice()
    expect(items.length).toBeLessThanOrEqual(1)
    if (items[0] !== undefined) states.push(`${items[0].key} ${items[0].state}`)
  })
  const entry = await room.send('hello')
  await shows(room, ([item]) => item?.message !== null && item?.message !== undefined)
  await until(ann.client.outbox.entries, (entries) => entries.length === 0)
  const key = `${ann.user.id}:${entry.client_id}`
  expect(states[0]).toBe(`${key} pending`)
  expect(states.at(-1)).toBe(`${key} sent`)
  await showsSent(bobsRoom, 1)
  expect(texts(bobsRoom)).toEqual(['hello'])
})

it('edits and deletes are seen by others, in place', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  await annsRoom.send('one')
  await annsRoom.send('two')
  await showsSent(annsRoom, 2)
  const [one, two] = annsRoom.timeline.slice()
  if (!one?.message || !two?.message) throw new Error('they are sent')
  await annsRoom.edit(one.message, 'one, edited')
  await expect(annsRoom.edit(one.message, 'one, edited late')).rejects.toMatchObject({ code: 'conflict' })
  await annsRoom.delete(two.message.id)
  await shows(bobsRoom, (items) => items[1]?.message?.deleted === true)
  expect(texts(bobsRoom)).toEqual(['one, edited', null])
  await live(annsRoom)
  expect(texts(annsRoom)).toEqual(['one, edited', null])
})

it('what is written offline goes out once and in order when the network is back', async () => {
  const ann = await traveller(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  await annsRoom.send('before')
  await showsSent(annsRoom, 1)

  await ann.goOffline()
  for (const text of ['one', 'two', 'three']) await annsRoom.send(text)
  await bobsRoom.send('meanwhile')
  await showsSent(bobsRoom, 2)
  expect(annsRoom.timeline.slice().map(({ state }) => state)).toEqual([
    'sent',
    'pending',
    'pending',
    'pending',
  ])

  ann.goOnline()
  await showsSent(bobsRoom, 5)
  await showsSent(annsRoom, 5)
  expect(texts(bobsRoom)).toEqual(['before', 'meanwhile', 'one', 'two', 'three'])
  expect(texts(annsRoom)).toEqual(texts(bobsRoom))
  await live(annsRoom)
  expect(annsRoom.state.get().verdict).toBe('replayed')
})

it('a long absence is caught up page by page', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await traveller(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  await bob.goOffline()
  const sends = Array.from({ length: 450 }, (_, index) => `message ${index}`)
  await Promise.all(sends.map((text) => annsRoom.send(text)))
  await showsSent(annsRoom, sends.length)
  bob.goOnline()
  await online(bob.client)
  await showsSent(bobsRoom, sends.length)
  expect(texts(bobsRoom)).toEqual(sends)
  await live(bobsRoom)
})

it('rooms that did not fit into the answer after a reconnect are whole as well', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await traveller(server, 'Bob')
  const pairs = [await together(ann, bob), await together(ann, bob), await together(ann, bob)]
  await bob.goOffline()
  // One message is an eighth of what an answer holds.
  const sends = Array.from({ length: 12 }, (_, index) => `${index} ${'x'.repeat(2000)}`)
  for (const [annsRoom] of pairs) await Promise.all(sends.map((text) => annsRoom.send(text)))
  for (const [annsRoom] of pairs) await showsSent(annsRoom, sends.length)
  bob.goOnline()
  for (const [annsRoom, bobsRoom] of pairs) {
    await showsSent(bobsRoom, sends.length)
    await live(bobsRoom)
    expect(texts(bobsRoom)).toEqual(texts(annsRoom))
    expect(bobsRoom.state.get()).toMatchObject({
      verdict: 'replayed',
      position: annsRoom.state.get().position,
    })
  }
})

it('an event that never came is noticed and fetched', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  const states = history(bobsRoom.state)
  const restore = losing((packet) => packet.includes('"message:created"') && packet.includes('lost'))
  for (const text of ['one', 'lost', 'three']) await annsRoom.send(text)
  await showsSent(bobsRoom, 3)
  await showsSent(annsRoom, 3)
  restore()
  await live(bobsRoom)
  expect(texts(bobsRoom)).toEqual(['one', 'lost', 'three'])
  expect(texts(annsRoom)).toEqual(['one', 'lost', 'three'])
  expect(states.some(({ behind }) => behind > 0)).toBe(true)
  expect(bob.client.connection.get().phase).toBe('online')
})

it('a send of mine never disappears on its way, even when an event before it is missing', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  const restore = losing((packet) => packet.includes('"message:created"') && packet.includes('lost'))
  const lengths: number[] = []
  await bobsRoom.send('lost')
  await until(bob.client.outbox.entries, (entries) => entries.length === 0)
  annsRoom.timeline.version.subscribe(() => lengths.push(annsRoom.timeline.length))
  await annsRoom.send('mine')
  await showsSent(annsRoom, 2)
  restore()
  expect(lengths.slice(1).every((length) => length >= 1)).toBe(true)
  expect(texts(annsRoom)).toEqual(['lost', 'mine'])
})

it('older pages are loaded on demand', async () => {
  const ann = await guest(server, 'Ann')
  const { id } = await ann.client.rooms.create('long', 'public')
  const room = await enter(ann, id)
  const sends = Array.from({ length: 120 }, (_, index) => `message ${index}`)
  await Promise.all(sends.map((text) => room.send(text)))
  await showsSent(room, sends.length)
  await room.reload()
  expect(room.timeline.length).toBe(50)
  expect(await room.timeline.loadOlder()).toBe(50)
  expect(await room.timeline.loadOlder()).toBe(20)
  expect(texts(room)).toEqual(sends)
  expect(room.timeline.older.get().more).toBe(false)
})
