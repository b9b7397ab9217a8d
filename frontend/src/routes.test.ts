import { expect, test } from 'vitest'
import { hashOf, parseRoute, type Route } from './routes'

test.each<Route>([
  { name: 'home' },
  { name: 'wirecheck' },
  { name: 'room', id: '01k8' },
  { name: 'room', id: 'a/b c' },
  { name: 'join', id: '01k8', invite: 'x-_%' },
])('%j is found again by its address', (route) => {
  expect(parseRoute(hashOf(route))).toEqual(route)
})

test.each(['', '#', '#/', '#/rooms', '#/rooms/', '#/join/room', '#/nowhere/1', '#/rooms/%'])(
  '%j leads to the list of rooms',
  (hash) => {
    expect(parseRoute(hash)).toEqual({ name: 'home' })
  },
)
