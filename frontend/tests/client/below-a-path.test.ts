import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { until } from '../../src/client/observable.ts'
import { rows, run, transports, Wire } from '../../src/wirecheck/rows/index.ts'
import { BelowAPath } from '../below-a-path.ts'
import { Server } from '../server.ts'
import { closeAll, guest, online, showsSent, texts, together } from './people.ts'

let server: Server
let proxy: BelowAPath
beforeAll(async () => {
  server = await Server.start()
  proxy = await BelowAPath.start(server.url, '/team/chat-api')
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
})
afterEach(closeAll)

it.each([
  { transports: ['polling'] },
  { transports: ['websocket'] },
  { transports: ['polling', 'websocket'] },
] as const)(
  'a client below a path signs in, is online and sends over $transports',
  async ({ transports }) => {
    const ann = await guest(server, 'Ann', { transports, url: `${proxy.url}/` })
    const bob = await guest(server, 'Bob', { transports, url: proxy.url })
    const [annsRoom, bobsRoom] = await together(ann, bob)
    await annsRoom.send('below a path')
    await showsSent(bobsRoom, 1)
    expect(texts(bobsRoom)).toEqual(['below a path'])
    await until(ann.client.connection, ({ transport }) => transport === transports.at(-1))
    expect(proxy.astray).toEqual([])
  },
)

it('it comes back after the server was killed', async () => {
  const ann = await guest(server, 'Ann', { url: proxy.url })
  await server.kill()
  await until(ann.client.connection, ({ phase }) => phase === 'offline')
  await server.start()
  await online(ann.client)
  expect(proxy.astray).toEqual([])
})

it('an address that no API can have is refused at once', async () => {
  await expect(guest(server, 'Ann', { url: `${proxy.url}?tenant=1` })).rejects.toThrow(TypeError)
})

it.each(transports)('the rows of the wire check pass below a path over %s', async (transport) => {
  const wire = new Wire({ url: proxy.url, transport, origin: 'http://localhost:5173', sendOrigin: true })
  const wanted = rows.filter(({ slow, group }) => !slow && group !== 'payloads')
  const failed = []
  for (const row of wanted) {
    const outcome = await run(row, wire)
    if (!outcome.ok) failed.push(outcome)
  }
  wire.close()
  expect(failed).toEqual([])
  expect(proxy.astray).toEqual([])
})
