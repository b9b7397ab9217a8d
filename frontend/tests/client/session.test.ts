import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { StoredSession, TokenStore } from '../../src/client/index.ts'
import { memoryTokenStore, until } from '../../src/client/index.ts'
import { localLock } from '../../src/client/lock.ts'
import { Server } from '../server.ts'
import { losing, tell } from './losing.ts'
import { client, closeAll, enter, guest, history, live, online, showsSent, together } from './people.ts'

let server: Server
beforeAll(async () => void (server = await Server.start()))
afterAll(() => server.stop())
afterEach(closeAll)

/** One storage that several tabs share, each told of what the others do. */
function sharedTokens(): {
  tab: () => TokenStore
  stored: () => StoredSession | null
  saves: StoredSession[]
} {
  let stored: StoredSession | null = null
  const saves: StoredSession[] = []
  const listeners = new Map<TokenStore, (session: StoredSession | null) => void>()
  const tab = (): TokenStore => {
    const tellOthers = () => listeners.forEach((listener, store) => void (store !== self && listener(stored)))
    const self: TokenStore = {
      load: () => stored,
      save: (session) => {
        stored = session
        saves.push(session)
        tellOthers()
      },
      clear: () => {
        stored = null
        tellOthers()
      },
      subscribe: (listener) => {
        listeners.set(self, listener)
        return () => void listeners.delete(self)
      },
    }
    return self
  }
  return { tab, stored: () => stored, saves }
}

/** As if the access token had been stored long ago: it is refreshed before it is used. */
const aged = (session: StoredSession): StoredSession => ({ ...session, expires_at: 0 })

it('signs up, signs out and in again, and says why it does not', async () => {
  const ann = client(server)
  await ann.start()
  const name = `ann-${crypto.randomUUID().slice(0, 8)}`
  const user = await ann.session.signUp(name, 'correct horse battery')
  expect(user).toMatchObject({ name, guest: false })
  await online(ann)
  await ann.session.signOut()
  expect(ann.session.get()).toEqual({ state: 'signed-out', user: null, reason: null })
  expect(ann.connection.get().phase).toBe('ended')
  await expect(ann.session.signUp(name, 'correct horse battery')).rejects.toMatchObject({ code: 'conflict' })
  await expect(ann.session.signIn(name, 'wrong')).rejects.toMatchObject({ status: 401 })
  await expect(ann.session.enterAsGuest('')).rejects.toMatchObject({
    code: 'invalid',
    fields: { name: expect.any(String) as string },
  })
  await ann.session.signIn(name, 'correct horse battery')
  await online(ann)
})

it('a token that is too old is refreshed once, stored before it is used, by whoever asks first', async () => {
  const tokens = memoryTokenStore()
  const ann = await guest(server, 'Ann', { tokens })
  const before = await tokens.load()
  if (before === null) throw new Error('not stored')
  ann.client.close()

  await tokens.save(aged(before))
  const again = client(server, { tokens })
  await again.start()
  await Promise.all([online(again), again.rooms.load(), again.rooms.loadPublic()])
  const after = await tokens.load()
  expect(after?.refresh_token).not.toBe(before.refresh_token)
  expect(again.session.get().state).toBe('signed-in')
})

it('an expiring token is renewed in place: the connection stays', async () => {
  const tokens = memoryTokenStore()
  const acks: string[] = []
  const restore = losing((packet) => {
    acks.push(packet)
    return false
  })
  const ann = await guest(server, 'Ann', { tokens })
  const before = await tokens.load()
  const phases = history(ann.client.connection)
  tell('session:expiring', { expires_in: 30 })
  const renewed = () => acks.some((packet) => packet.includes('"data":{"expires_in"'))
  while (!renewed()) await ann.client.rooms.load()
  restore()
  expect((await tokens.load())?.refresh_token).not.toBe(before?.refresh_token)
  expect(phases.every(({ phase }) => phase === 'online')).toBe(true)
})

it('two tabs refresh one at a time and both stay signed in', async () => {
  const shared = sharedTokens()
  const lock = localLock()
  const first = await guest(server, 'Ann', { tokens: shared.tab(), lock })
  const session = shared.stored()
  if (session === null) throw new Error('not stored')
  first.client.close()

  await shared.tab().save(aged(session))
  const saved = shared.saves.length
  const tabs = [
    client(server, { tokens: shared.tab(), lock }),
    client(server, { tokens: shared.tab(), lock }),
  ]
  await Promise.all(tabs.map((tab) => tab.start()))
  await Promise.all(tabs.map(online))
  await Promise.all(tabs.map((tab) => tab.rooms.load()))
  expect(shared.saves.length).toBe(saved + 1)
  for (const tab of tabs) expect(tab.session.get().state).toBe('signed-in')
})

it('four tabs without a lock between them refresh ten times at once and stay signed in', async () => {
  const shared = sharedTokens()
  const first = await guest(server, 'Ann', { tokens: shared.tab() })
  const tabs = [1, 2, 3, 4].map(() => client(server, { tokens: shared.tab() }))
  await Promise.all(tabs.map((tab) => tab.start()))
  const other = shared.tab()
  for (let round = 0; round < 10; round++) {
    const before = shared.stored()
    if (before === null) throw new Error('signed out')
    await other.save(aged(before))
    const tokens = await Promise.all(tabs.map((tab) => tab.session.token()))
    expect(shared.stored()?.refresh_token).not.toBe(before.refresh_token)
    expect(tokens.length).toBe(4)
    await Promise.all(tabs.map((tab) => tab.rooms.load()))
  }
  for (const tab of tabs) expect(tab.session.get()).toMatchObject({ state: 'signed-in', user: first.user })
})

it('signing out in one tab signs out the others', async () => {
  const shared = sharedTokens()
  const first = await guest(server, 'Ann', { tokens: shared.tab() })
  const second = client(server, { tokens: shared.tab() })
  await second.start()
  await online(second)
  await first.client.session.signOut()
  await until(second.session, ({ state }) => state !== 'signed-in')
  expect(second.connection.get().phase).toBe('ended')
  expect(shared.stored()).toBeNull()
})

it('a session that was signed out elsewhere ends here, with the reason', async () => {
  const tokens = memoryTokenStore()
  const first = await guest(server, 'Ann', { tokens })
  const stored = await tokens.load()
  const second = client(server, { tokens: memoryTokenStore(stored) })
  const asked = vi.spyOn(globalThis, 'fetch')
  await second.start()
  await online(second)
  await second.rooms.load()
  // What is still on its way may be refused before the live connection says why.
  await Promise.all(asked.mock.results.map(({ value }) => value as Promise<Response>))
  expect(asked.mock.results.length).toBeGreaterThanOrEqual(3)
  asked.mockRestore()
  await first.client.session.signOut()
  const ended = await until(second.session, ({ state }) => state === 'ended')
  expect(ended).toMatchObject({ user: first.user, reason: 'signed_out' })
  expect(second.connection.get()).toMatchObject({ phase: 'ended', reason: 'signed_out' })
})

it('a session that the server does not know ends, and does not try for ever', async () => {
  const ann = await guest(server, 'Ann')
  ann.client.close()
  const tokens = memoryTokenStore({
    access_token: 'no',
    refresh_token: 'no.no',
    expires_at: Date.now() + 1e6,
    user: ann.user,
  })
  const other = client(server, { tokens })
  await other.start()
  await until(other.session, ({ state }) => state === 'ended')
  expect(await tokens.load()).toBeNull()
})

it('rooms, roster, presence, typing, markers and unread counts are told live', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const [annsRoom, bobsRoom] = await together(ann, bob)
  await until(annsRoom.members, ({ members, online: here }) => members.length === 2 && here === 2)

  bobsRoom.startTyping()
  expect(await until(annsRoom.typing, (users) => users.length > 0)).toEqual([bob.user])
  await bobsRoom.send('hello')
  await until(annsRoom.typing, (users) => users.length === 0)
  await until(annsRoom.unread, ({ count }) => count === 1)
  expect(bobsRoom.unread.get().count).toBe(0)
  await showsSent(annsRoom, 1)
  annsRoom.markRead()
  expect(annsRoom.unread.get().count).toBe(0)
  const { position } = annsRoom.state.get()
  const marked = (id: string) => bobsRoom.members.get().members.find(({ user }) => user.id === id)?.read_seq
  await until(bobsRoom.members, () => marked(ann.user.id) === position)

  bob.client.close()
  await until(annsRoom.members, ({ online: here }) => here === 1)
  const mine = history(ann.client.rooms.mine)
  await ann.client.rooms.leave(annsRoom.id)
  expect(mine.at(-1)?.some(({ id }) => id === annsRoom.id)).toBe(false)
  await until(annsRoom.state, ({ phase }) => phase === 'preview')
})

it('a public room is read before joining, asks for nothing that only members may have, and goes on live after joining', async () => {
  const ann = await guest(server, 'Ann')
  const asked = vi.spyOn(globalThis, 'fetch')
  const bob = await guest(server, 'Bob')
  const { id } = await ann.client.rooms.create(`room ${crypto.randomUUID()}`, 'public')
  const annsRoom = await enter(ann, id)
  await annsRoom.send('for all to read')
  await showsSent(annsRoom, 1)
  const bobsRoom = bob.client.openRoom(id)
  await until(bobsRoom.state, ({ phase }) => phase === 'preview')
  expect(bobsRoom.timeline.at(0)?.text).toBe('for all to read')
  const refused = await Promise.all(asked.mock.results.map(({ value }) => value as Promise<Response>))
  expect(refused.map(({ status }) => status).filter((status) => status >= 400)).toEqual([])
  asked.mockRestore()
  await annsRoom.send('not told to bob')
  await showsSent(annsRoom, 2)
  expect(bobsRoom.timeline.length).toBe(1)
  await bob.client.rooms.join(id)
  await live(bobsRoom)
  await annsRoom.send('told to bob')
  await showsSent(bobsRoom, 3)
  await until(bobsRoom.members, ({ members }) => members.length === 2)
})

it('a private room is not found without an invite, and opens with one', async () => {
  const ann = await guest(server, 'Ann')
  const bob = await guest(server, 'Bob')
  const { id } = await ann.client.rooms.create('secret', 'private')
  const bobsRoom = bob.client.openRoom(id)
  await until(bobsRoom.state, ({ phase }) => phase === 'failed')
  expect(bobsRoom.state.get().error?.code).toBe('not_found')
  await expect(bob.client.rooms.join(id)).rejects.toMatchObject({ code: 'not_found' })
  const { invite } = await ann.client.rooms.invite(id)
  const invitation = await bob.client.rooms.invitation(id, invite)
  expect(invitation).toMatchObject({ name: 'secret', member_count: 1, inviter: { name: 'Ann' } })
  await bob.client.rooms.join(id, invite)
  await live(bobsRoom)
  const annsRoom = await enter(ann, id)
  await until(annsRoom.members, ({ members }) => members.length === 2)
})
