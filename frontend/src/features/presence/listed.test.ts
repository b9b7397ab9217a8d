import { expect, test } from 'vitest'
import type { Member } from '../../client'
import { listedAway } from './listed'

const member = (id: string, name: string, guest: boolean, online: boolean, day: number): Member => ({
  user: { id, name, guest },
  role: 'member',
  joined_at: `2026-11-0${day}T00:00:00.000Z`,
  read_seq: 0,
  online,
})

test('of guests of one name who are away only the last is listed, and none beside one who is here', () => {
  const members = [
    member('1', 'Ann', true, false, 1),
    member('2', 'Ann', true, false, 3),
    member('3', 'Ann', true, false, 2),
    member('4', 'Bob', true, false, 2),
    member('5', 'Bob', true, true, 1),
    member('6', 'Cleo', true, false, 1),
  ]
  expect(listedAway(members).map(({ user }) => user.id)).toEqual(['2', '6'])
})

test('people with accounts are listed, whatever guests are called', () => {
  const members = [
    member('1', 'Ann', false, false, 1),
    member('2', 'Ann', true, true, 2),
    member('3', 'Dora', false, false, 1),
  ]
  expect(listedAway(members).map(({ user }) => user.id)).toEqual(['1', '3'])
})
