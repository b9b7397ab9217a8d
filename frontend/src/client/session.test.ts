import { expect, it } from 'vitest'
import type { Session as SessionResource, User } from './contract/schemas.ts'
import { CrosstalkError } from './errors.ts'
import type { Http } from './http.ts'
import { localLock } from './lock.ts'
import { Session } from './session.ts'
import { memoryTokenStore, type StoredSession, storedSession, type TokenStore } from './tokens.ts'

const ann: User = { id: 'ann', name: 'Ann', guest: false }
const bob: User = { id: 'bob', name: 'Bob', guest: false }

const resource = (generation: number, user = ann): SessionResource => ({
  access_token: `access ${generation}`,
  refresh_token: `refresh ${generation}`,
  expires_in: 900,
  user,
})
const stored = (generation: number, user = ann): StoredSession => storedSession(resource(generation, user))

/** A tab that shares a store with others and has no lock in common with them. Its requests wait for `answer`. */
async function tab(tokens: TokenStore) {
  const asked: { body: unknown; settle: (answer: SessionResource | CrosstalkError) => void }[] = []
  const http = ((_route: string, { body }: { body?: unknown }) =>
    new Promise((resolve, reject) => {
      const settle = (answer: SessionResource | CrosstalkError) =>
        answer instanceof CrosstalkError ? reject(answer) : resolve(answer)
      asked.push({ body, settle })
    })) as Http
  const session = new Session(http, tokens, localLock())
  await session.start()
  const request = async () => {
    while (asked.length === 0) await Promise.resolve()
    const next = asked.shift()
    if (next === undefined) throw new Error('nothing was asked')
    return next
  }
  return { session, request }
}

const refused = new CrosstalkError({ code: 'unauthenticated', message: 'used before' })

it('stores the successor of its refresh token', async () => {
  const tokens = memoryTokenStore(stored(1))
  const { session, request } = await tab(tokens)
  const token = session.refreshed('access 1')
  const asked = await request()
  expect(asked.body).toEqual({ refresh_token: 'refresh 1' })
  asked.settle(resource(2))
  expect(await token).toBe('access 2')
  expect((await tokens.load())?.refresh_token).toBe('refresh 2')
})

it('does not replace what another tab has stored meanwhile', async () => {
  const tokens = memoryTokenStore(stored(1))
  const { session, request } = await tab(tokens)
  const token = session.refreshed('access 1')
  const asked = await request()
  await tokens.save(stored(3))
  asked.settle(resource(2))
  expect(await token).toBe('access 3')
  expect((await tokens.load())?.refresh_token).toBe('refresh 3')
  expect(session.get()).toMatchObject({ state: 'signed-in', user: ann })
})

it('goes on with the newer token of another tab when its own is refused', async () => {
  const tokens = memoryTokenStore(stored(1))
  const { session, request } = await tab(tokens)
  const token = session.refreshed('access 1')
  const asked = await request()
  await tokens.save(stored(3))
  asked.settle(refused)
  expect(await token).toBe('access 3')
  expect((await tokens.load())?.refresh_token).toBe('refresh 3')
})

it('ends when its token is refused and no other tab has a newer one', async () => {
  const tokens = memoryTokenStore(stored(1))
  const { session, request } = await tab(tokens)
  const token = session.refreshed('access 1')
  const asked = await request()
  asked.settle(refused)
  await expect(token).rejects.toBe(refused)
  expect(session.get()).toEqual({ state: 'ended', user: ann, reason: 'unauthenticated' })
  expect(await tokens.load()).toBeNull()
})

it('stays signed out when another tab signed out during the refresh', async () => {
  const tokens = memoryTokenStore(stored(1))
  const { session, request } = await tab(tokens)
  const token = session.refreshed('access 1')
  const asked = await request()
  await tokens.clear()
  asked.settle(resource(2))
  await expect(token).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(session.get().state).toBe('signed-out')
  expect(await tokens.load()).toBeNull()
})

it('gives no token of the next person to a request of the one before', async () => {
  const tokens = memoryTokenStore(stored(1))
  const { session, request } = await tab(tokens)
  const token = session.refreshed('access 1')
  const asked = await request()
  await tokens.save(stored(7, bob))
  asked.settle(resource(2))
  await expect(token).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(session.get()).toMatchObject({ state: 'signed-in', user: bob })
  expect((await tokens.load())?.refresh_token).toBe('refresh 7')
})

it('keeps the device token when it signs out and sends it when it signs in again', async () => {
  const tokens = memoryTokenStore()
  const { session, request } = await tab(tokens)
  const signedUp = session.signUp('Ann', 'a phrase of my own')
  const first = await request()
  first.settle({ ...resource(1), device_token: 'device' })
  await signedUp
  const signedOut = session.signOut()
  ;(await request()).settle(resource(1))
  await signedOut
  const signedIn = session.signIn('Ann', 'a phrase of my own')
  const second = await request()
  expect(second.body).toEqual({ name: 'Ann', password: 'a phrase of my own', device_token: 'device' })
  second.settle(resource(2))
  expect(await signedIn).toEqual(ann)
})

it('signs in without a device token where it has none', async () => {
  const { session, request } = await tab(memoryTokenStore())
  const signedIn = session.signIn('Ann', 'a phrase of my own')
  const asked = await request()
  expect(asked.body).toEqual({ name: 'Ann', password: 'a phrase of my own' })
  asked.settle(resource(1))
  await signedIn
})
