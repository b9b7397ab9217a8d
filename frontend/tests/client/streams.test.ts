import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { until } from '../../src/client/index.ts'
import { Server } from '../server.ts'
import { losing } from './losing.ts'
import { closeAll, enter, guest, history, online, shows, together, traveller } from './people.ts'

let server: Server
beforeAll(async () => void (server = await Server.start({ CROSSTALK_STREAM_LEASE_S: '1' })))
afterAll(() => server.stop())
afterEach(closeAll)

const source = (text: string, pace_ms: number) => ({ kind: 'text' as const, text, pace_ms })
const poem =
  'The fog comes 🐾 on little cat feet. It sits looking over harbor and city, and then moves on. '.repeat(2)

it('a stream is seen live by two, and by one who comes in the middle', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  const { id } = await ann.client.streams.open(annsRoom.id, {
    contentType: 'text/plain',
    source: source(poem, 5),
  })
  const streams = [annsRoom.stream(id), bobsRoom.stream(id)]
  for (const stream of streams) stream.attach()
  const seen = history(bobsRoom.stream(id)).map(({ end }) => end)
  await until(bobsRoom.stream(id), ({ end }) => end > 40)

  const cleo = await guest(server, 'Cleo')
  const cleosRoom = await enter(cleo, annsRoom.id)
  const late = cleosRoom.stream(id)
  late.attach()
  const ends = history(late)
  for (const stream of [...streams, late]) {
    const { text } = await until(stream, ({ state, missing }) => state === 'finished' && !missing)
    expect(text).toBe(poem)
  }
  // It came piece by piece: to each of them through several states, each a beginning of the text.
  expect(seen.length).toBeGreaterThan(0)
  const beginnings = ends.map(({ text }) => text)
  expect(new Set(beginnings).size).toBeGreaterThan(3)
  for (const text of beginnings) expect(poem.startsWith(text)).toBe(true)
})

it('a lost piece is asked for', async () => {
  const ann = await guest(server, 'Ann')
  const { id } = await ann.client.rooms.create('pieces', 'public')
  const room = await enter(ann, id)
  let piece = 0
  const restore = losing((packet) => packet.includes('"stream:appended"') && (piece += 1) % 3 === 0)
  const message = await ann.client.streams.open(id, { contentType: 'text/plain', source: source(poem, 5) })
  room.stream(message.id).attach()
  const { text } = await until(
    room.stream(message.id),
    ({ state, missing }) => state === 'finished' && !missing,
  )
  restore()
  expect(piece).toBeGreaterThan(3)
  expect(text).toBe(poem)
})

it('a stream goes on at the right place after a reconnect', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await traveller(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  const { id } = await ann.client.streams.open(annsRoom.id, {
    contentType: 'text/plain',
    source: source(poem, 5),
  })
  const stream = bobsRoom.stream(id)
  stream.attach()
  await until(stream, ({ end }) => end > 20)
  await bob.goOffline()
  const before = stream.get().end
  annsRoom.stream(id).attach()
  await until(annsRoom.stream(id), ({ end }) => end > before + 30)
  expect(stream.get().end).toBe(before)
  bob.goOnline()
  expect((await until(stream, ({ state, missing }) => state === 'finished' && !missing)).text).toBe(poem)
})

it('a stop is answered with a receipt, and so is the next', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  const { id } = await ann.client.streams.open(annsRoom.id, {
    contentType: 'text/plain',
    source: source(poem, 50),
  })
  bobsRoom.stream(id).attach()
  await until(bobsRoom.stream(id), ({ end }) => end > 3)
  await expect(bob.client.streams.stop(id)).rejects.toMatchObject({ code: 'forbidden' })
  const receipt = await ann.client.streams.stop(id, 'enough')
  expect(receipt).toMatchObject({ stream_id: id, state: 'stopped', by: ann.user, reason: 'enough' })
  expect(await ann.client.streams.stop(id)).toEqual(receipt)
  const seen = await until(bobsRoom.stream(id), ({ state, missing }) => state === 'stopped' && !missing)
  expect(seen).toMatchObject({
    end: receipt.offset,
    by: ann.user,
    reason: 'enough',
    text: poem.slice(0, receipt.offset),
  })
})

it('a client writes a stream at its own pace, over a network that comes and goes', async () => {
  const ann = await traveller(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  const producer = await ann.client.streams.produce(annsRoom.id, { contentType: 'text/markdown' })
  const stream = bobsRoom.stream(producer.streamId)
  stream.attach()
  producer.append('# One\n')
  await producer.flush()
  await ann.goOffline()
  producer.append('half a pair: \ud83d')
  producer.append('\udc3e')
  ann.goOnline()
  await online(ann.client)
  producer.append(' done')
  await producer.finish()
  const { text } = await until(stream, ({ state, missing }) => state === 'finished' && !missing)
  expect(text).toBe('# One\nhalf a pair: 🐾 done')
  expect(producer.state.get()).toMatchObject({ state: 'finished', queued: 0, offset: text.length })
})

it('an append whose answer is lost is stored once', async () => {
  const ann = await guest(server, 'Ann', { commandTimeoutMs: 300 })
  const { id } = await ann.client.rooms.create('appends', 'public')
  const room = await enter(ann, id)
  const producer = await ann.client.streams.produce(id, { contentType: 'text/plain' })
  let lost = 0
  const restore = losing(
    (packet) => packet.includes('"offset":5') && packet.includes('"ok"') && (lost += 1) === 1,
  )
  producer.append('Hello')
  await producer.flush()
  restore()
  expect(lost).toBeGreaterThan(0)
  producer.append(' there')
  await producer.finish()
  const stream = room.stream(producer.streamId)
  stream.attach()
  expect((await until(stream, ({ state, missing }) => state === 'finished' && !missing)).text).toBe(
    'Hello there',
  )
})

it('a silent producer keeps its lease, a dead one is seen to be dead, and another goes on from there', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  const producer = await ann.client.streams.produce(annsRoom.id, { contentType: 'application/json' })
  const stream = bobsRoom.stream(producer.streamId)
  stream.attach()
  producer.appendItems([{ y: 1 }, { y: 2 }])
  await producer.flush()
  producer.abandon()
  await until(stream, ({ state }) => state === 'interrupted')
  const next = await ann.client.streams.continue(producer.streamId)
  next.appendItems([{ y: 3 }])
  await next.finish()
  const { items } = await until(stream, ({ state, missing }) => state === 'finished' && !missing)
  expect(items).toEqual([{ y: 1 }, { y: 2 }, { y: 3 }])
  await expect(ann.client.streams.continue(producer.streamId)).rejects.toMatchObject({ code: 'stream_ended' })
  await shows(annsRoom, ([item]) => item?.message?.stream?.state === 'finished')
})
