import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Change, Changes, History, Room } from './contract/schemas.ts'
import { CrosstalkError, offline } from './errors.ts'
import { RoomLog } from './room-log.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const ann = { id: 'ann', name: 'Ann', guest: true }
const joined = (seq: number): Change => ({
  event: 'member:joined',
  room_id: 'lobby',
  seq,
  user: ann,
  role: 'member',
})

/** A server with a log of so many changes, that can be cut off, and counts what it is asked. */
class Server {
  seq = 5
  epoch = 'one'
  online = true
  failure: CrosstalkError | null = null
  asked: number[] = []
  snapshots = 0
  applied: number[] = []
  replaced: number[] = []
  /** Called between reading the room and reading its page. */
  beforePage: () => void = () => undefined
  /** Called between reading a snapshot and answering it. */
  meanwhile: () => void = () => undefined

  readonly log = new RoomLog({
    snapshot: async () => {
      this.#check()
      this.snapshots += 1
      const room = { id: 'lobby', seq: this.seq, epoch: this.epoch } as Room
      this.beforePage()
      const page: History = { messages: [], more: false, epoch: this.epoch, position: this.seq }
      this.meanwhile()
      await Promise.resolve()
      return { room, page }
    },
    replace: (room) => {
      this.replaced.push(room.seq)
      this.applied = []
    },
    changes: async (after, epoch) => {
      this.asked.push(after)
      this.#check()
      return this.changesAfter(after, epoch)
    },
    apply: (changes) => this.applied.push(...changes.map(({ seq }) => seq)),
    replayed: () => undefined,
    online: () => this.online,
    random: () => 0.5,
  })

  changesAfter(after: number, epoch: string, limit = 3): Changes {
    const { seq } = this
    const base = { epoch: this.epoch, latest: seq, changes: [] }
    const none = { ...base, position: 0, more: seq > 0, verdict: 'snapshot' } as const
    if (epoch !== this.epoch) return { ...none, reason: 'epoch' }
    if (after > seq) return { ...none, reason: 'ahead' }
    if (after === seq) return { ...base, position: seq, more: false, verdict: 'resumed' }
    const position = Math.min(seq, after + limit)
    const changes = Array.from({ length: position - after }, (_, index) => joined(after + 1 + index))
    return { ...base, verdict: 'replayed', changes, position, more: position < seq }
  }

  /** A new connection, with the verdict that the server gives. */
  reconnect(limit = 3): void {
    this.online = true
    const resumption = this.log.resume()
    if (resumption !== null) resumption.settle(this.changesAfter(resumption.position, this.log.epoch, limit))
  }

  #check(): void {
    if (!this.online) throw offline()
    if (this.failure !== null) throw this.failure
  }
}

async function loaded(): Promise<Server> {
  const server = new Server()
  await server.log.load()
  return server
}

const settled = () => vi.advanceTimersByTimeAsync(60_000)

describe('the log of a room', () => {
  it('starts from a snapshot and applies what comes after it', async () => {
    const server = new Server()
    const loading = server.log.load()
    for (const seq of [4, 7, 6]) server.log.receive(joined(seq))
    await loading
    expect(server.applied).toEqual([6, 7])
    expect(server.log.state.get()).toMatchObject({ phase: 'live', position: 7, behind: 0 })
  })

  it('asks for a gap once, after giving the missing event a moment to come', async () => {
    const server = await loaded()
    server.seq = 8
    server.log.receive(joined(7))
    server.log.receive(joined(8))
    expect(server.log.state.get()).toMatchObject({ behind: 3, position: 5 })
    expect(server.asked).toEqual([])
    await settled()
    expect(server.asked).toEqual([5])
    expect(server.applied).toEqual([6, 7, 8])
    expect(server.log.state.get()).toMatchObject({ phase: 'live', behind: 0, verdict: 'replayed' })
  })

  it('asks for nothing when the missing event comes in time', async () => {
    const server = await loaded()
    server.log.receive(joined(7))
    server.log.receive(joined(6))
    await settled()
    expect(server.asked).toEqual([])
    expect(server.applied).toEqual([6, 7])
  })

  it('resumes, replays page by page, or loads anew, as the verdict says', async () => {
    const server = await loaded()
    server.reconnect()
    expect(server.log.state.get()).toMatchObject({ phase: 'live', verdict: 'resumed' })
    server.seq = 15
    server.reconnect()
    await settled()
    expect(server.asked).toEqual([8, 11, 14])
    expect(server.applied).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    server.epoch = 'two'
    server.seq = 3
    server.reconnect()
    await settled()
    expect(server.replaced).toEqual([5, 3])
    expect(server.log.state.get()).toMatchObject({ phase: 'live', position: 3, verdict: 'snapshot' })
  })

  it('stands where it stood when nothing of it fitted into the answer, and asks for the rest', async () => {
    const server = await loaded()
    server.seq = 9
    server.reconnect(0)
    expect(server.log.state.get()).toMatchObject({ phase: 'catching-up', position: 5, latest: 9, behind: 4 })
    await settled()
    expect(server.asked).toEqual([5, 8])
    expect(server.applied).toEqual([6, 7, 8, 9])
    expect(server.log.state.get()).toMatchObject({ phase: 'live', position: 9, verdict: 'replayed' })
  })

  it('misses nothing when it is cut between the answers to a long absence', async () => {
    const server = await loaded()
    server.seq = 15
    server.reconnect(2)
    expect(server.log.state.get().position).toBe(7)
    server.online = false
    await settled()
    server.seq = 20
    server.log.receive(joined(20))
    server.reconnect(4)
    await settled()
    expect(server.applied).toEqual(Array.from({ length: 15 }, (_, index) => 6 + index))
    expect(server.log.state.get()).toMatchObject({ phase: 'live', position: 20, behind: 0 })
  })

  it('starts where the page stands, however old the room is that was read before it', async () => {
    const server = new Server()
    server.beforePage = () => (server.seq = 8)
    await server.log.load()
    expect(server.log.state.get()).toMatchObject({ phase: 'live', position: 8, behind: 0 })
    expect(server.asked).toEqual([])
  })

  it('does not call itself whole before the verdict', async () => {
    const server = await loaded()
    const resumption = server.log.resume()
    server.log.receive(joined(6))
    expect(server.log.state.get()).toMatchObject({ phase: 'catching-up', behind: 0 })
    resumption?.settle({
      verdict: 'resumed',
      epoch: 'one',
      position: 6,
      latest: 6,
      changes: [],
      more: false,
    })
    expect(server.log.state.get().phase).toBe('live')
  })

  it('asks for itself when there was no verdict', async () => {
    const server = await loaded()
    server.seq = 7
    server.log.resume()?.ask()
    await settled()
    expect(server.applied).toEqual([6, 7])
    expect(server.log.state.get().phase).toBe('live')
  })

  it('catches up when a connection came while it was loading', async () => {
    const server = new Server()
    server.meanwhile = () => {
      server.meanwhile = () => undefined
      server.seq = 6
      expect(server.log.resume()).toBeNull()
    }
    await server.log.load()
    expect(server.applied).toEqual([6])
  })

  it('says that the room is gone', async () => {
    const server = await loaded()
    const gone: Changes = {
      verdict: 'snapshot',
      reason: 'not_found',
      epoch: 'one',
      position: 0,
      latest: 0,
      changes: [],
      more: false,
    }
    server.log.resume()?.settle(gone)
    await settled()
    expect(server.log.state.get()).toMatchObject({ phase: 'failed', error: { code: 'not_found' } })
    expect(server.snapshots).toBe(1)
  })

  it('loads when the network is back, and not before', async () => {
    const server = new Server()
    server.online = false
    await server.log.load()
    expect(server.log.state.get()).toMatchObject({ phase: 'failed', error: { code: 'offline' } })
    await settled()
    expect(server.snapshots).toBe(0)
    server.reconnect()
    await settled()
    expect(server.log.state.get()).toMatchObject({ phase: 'live', position: 5 })
  })

  it('tries again by itself when the server is not available, and not when it is refused', async () => {
    const server = await loaded()
    server.failure = new CrosstalkError({ code: 'unavailable', message: '', retryAfter: 1 })
    server.seq = 6
    server.log.notice(6)
    await vi.advanceTimersByTimeAsync(900)
    expect(server.log.state.get()).toMatchObject({ phase: 'catching-up', error: { code: 'unavailable' } })
    server.failure = null
    await settled()
    expect(server.log.state.get()).toMatchObject({ phase: 'live', position: 6, error: null })
    server.failure = new CrosstalkError({ code: 'forbidden', message: '' })
    server.log.notice(9)
    await settled()
    const asked = server.asked.length
    await settled()
    expect(server.asked.length).toBe(asked)
    expect(server.log.state.get()).toMatchObject({ phase: 'failed', error: { code: 'forbidden' } })
  })

  it('loads anew when it was told of numbers that the server does not have', async () => {
    const server = await loaded()
    server.log.notice(99)
    await settled()
    expect(server.snapshots).toBe(2)
    expect(server.log.state.get()).toMatchObject({ phase: 'live', position: 5, behind: 0 })
  })
})
