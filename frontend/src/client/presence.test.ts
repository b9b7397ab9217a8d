import { expect, it } from 'vitest'
import type { Member } from './contract/schemas.ts'
import { applyPresence, nobody, presenceDiff, presenceOf, samePresence, withPresence } from './presence.ts'
import { seeded } from './testing/random.ts'

const member = (id: string, name: string, online: boolean): Member => ({
  user: { id, name, guest: true },
  role: 'member',
  joined_at: '2026-01-01T00:00:00Z',
  read_seq: 0,
  online,
})

it('starts from a state and goes on by differences', () => {
  const presence = applyPresence(presenceOf(['ann', 'bob']), { online: ['cleo'], offline: ['bob'] })
  expect([...presence].sort()).toEqual(['ann', 'cleo'])
})

it('gives the same value back when a difference changes nothing', () => {
  const presence = presenceOf(['ann'])
  expect(applyPresence(presence, { online: ['ann'], offline: ['bob'] })).toBe(presence)
})

it('never writes to the value that it was given', () => {
  const presence = presenceOf(['ann'])
  applyPresence(presence, { online: ['bob'], offline: ['ann'] })
  expect([...presence]).toEqual(['ann'])
})

it('makes of two states the difference that leads from one to the other', () => {
  const random = seeded(7)
  const people = Array.from({ length: 30 }, (_, index) => `user-${index}`)
  for (let round = 0; round < 100; round += 1) {
    const before = presenceOf(people.filter(() => random() < 0.5))
    const after = presenceOf(people.filter(() => random() < 0.5))
    expect(samePresence(applyPresence(before, presenceDiff(before, after)), after)).toBe(true)
  }
  expect(presenceDiff(nobody, nobody)).toEqual({ online: [], offline: [] })
})

it('shows members by name, and replaces only those whose presence changed', () => {
  const zoe = member('1', 'Zoë', true)
  const adam = member('2', 'adam', false)
  const shown = withPresence([zoe, adam], presenceOf(['1', '2']))
  expect(shown.map(({ user }) => user.name)).toEqual(['adam', 'Zoë'])
  expect(shown[0]).toEqual({ ...adam, online: true })
  expect(shown[1]).toBe(zoe)
})
