import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { rows, run, transports, Wire, type Outcome, type Row } from '../../src/wirecheck/rows/index.ts'
import { Server } from '../server.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const ORIGIN = 'http://localhost:5173'
const FRONTEND = fileURLToPath(new URL('../..', import.meta.url))

let server: Server
beforeAll(async () => void (server = await Server.start({ CROSSTALK_RATE_LIMITS: 'on' })))
afterAll(() => server.stop())

async function outcomes(
  wire: Wire,
  wanted: readonly Row[] = rows.filter(({ slow }) => !slow),
): Promise<Outcome[]> {
  const all: Outcome[] = []
  for (const row of wanted) all.push(await run(row, wire))
  wire.close()
  return all
}

it.each(transports)('every row passes over %s', async (transport) => {
  const all = await outcomes(new Wire({ url: server.url, transport, origin: ORIGIN, sendOrigin: true }))
  expect(all.filter(({ ok }) => !ok)).toEqual([])
  expect(new Set(all.map(({ row }) => row)).size).toBe(all.length)
})

it('every row passes alone, on a connection that nobody has used before', async () => {
  for (const row of rows.filter(({ slow, group }) => !slow && group !== 'payloads')) {
    const wire = new Wire({ url: server.url, transport: 'websocket', origin: null })
    expect(await outcomes(wire, [row])).toMatchObject([{ ok: true }])
  }
})

it('rows of others do not disturb', async () => {
  const wires = [1, 2].map(() => new Wire({ url: server.url, transport: 'websocket', origin: null }))
  const wanted = rows.filter(({ group }) => group === 'events' || group === 'rooms' || group === 'rest')
  const all = await Promise.all(wires.map((wire) => outcomes(wire, wanted)))
  expect(all.flat().filter(({ ok }) => !ok)).toEqual([])
})

it('a row tells what was expected and what came instead', async () => {
  const wire = new Wire({ url: server.url, transport: 'polling', origin: 'http://elsewhere.example' })
  const whoami = rows.filter(({ id }) => id === '/test whoami')
  const [outcome] = await outcomes(wire, whoami)
  expect(outcome).toMatchObject({ ok: false, row: '/test whoami' })
  expect(outcome?.expected).toContain('"origin": "http://elsewhere.example"')
  expect(outcome?.came).toContain('"origin": null')
})

it('a row that waits in vain tells what it has heard', async () => {
  const wire = new Wire({ url: server.url, transport: 'websocket', origin: null, timeoutMs: 300 })
  const deaf: Row = {
    id: 'deaf',
    name: 'deaf',
    group: 'events',
    namespace: '/',
    slow: false,
    check: async (wire: Wire) => {
      const peer = await wire.peer('/')
      return { expected: ['never'], came: () => (peer.emit('message', 'hello'), peer.hears('never')) }
    },
  }
  expect((await outcomes(wire, [deaf]))[0]).toMatchObject({
    ok: false,
    expected: '["never"]',
    came: 'no never within 0.3 s; heard message ["hello"]',
  })
})

async function command(...args: string[]): Promise<{ status: number; lines: Outcome[]; said: string }> {
  return new Promise((resolve) => {
    execFile(
      'npm',
      ['run', '--silent', 'wirecheck', '--', ...args],
      { cwd: FRONTEND },
      (failed, out, said) => {
        const lines = out.split('\n').filter(Boolean)
        resolve({
          status: failed === null ? 0 : Number(failed.code),
          lines: lines.map((line) => JSON.parse(line) as Outcome),
          said,
        })
      },
    )
  })
}

it('the command runs them from a terminal', async () => {
  const { status, lines } = await command(server.url, '--transport', 'websocket', '--origin', ORIGIN)
  expect(lines.filter(({ ok }) => !ok)).toEqual([])
  expect(lines).toHaveLength(rows.filter(({ slow }) => !slow).length)
  expect(status).toBe(0)
})

it('the command gives up early when nobody is let in', async () => {
  const { status, lines, said } = await command(
    server.url,
    '--transport',
    'polling',
    '--origin',
    'https://not.allowed',
  )
  expect(lines.map(({ ok }) => ok)).toEqual([false, false])
  expect(said).toContain('there is no connection')
  expect(status).toBe(1)
})

it('the command says how it is used', async () => {
  const { status, said } = await command('nowhere')
  expect(status).toBe(2)
  expect(said).toContain('usage: npm run')
})
