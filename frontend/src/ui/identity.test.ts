import { expect, test } from 'vitest'
import { hueOf, initialsOf } from './identity'

test.each([
  ['Ann', 'A'],
  ['ann lee', 'AL'],
  ['Ann Mary Lee', 'AL'],
  ['王小明', '王'],
  ['🦊 fox', '🦊'],
  ['👩‍🚀', '👩‍🚀'],
  ['  Bob ', 'B'],
  ['', ''],
])('%j stands as %j', (name, initials) => {
  expect(initialsOf(name)).toBe(initials)
})

test('a hue is the same every time, and ids next to each other differ', () => {
  expect(hueOf('01k8a')).toBe(hueOf('01k8a'))
  expect(Math.abs(hueOf('01k8a') - hueOf('01k8b'))).toBeGreaterThan(15)
})
