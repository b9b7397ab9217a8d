import { expect, test } from 'vitest'
import { seeded } from '../../client/testing/random'
import { Lines } from './lines.svelte'

const parts = (lines: Lines) => [...lines.ended.all.flat(), lines.last]

test.each(['', 'one', 'one\n', 'one\ntwo', '\n\none\n\ntwo\n', '一\n😀'])(
  '%j is whole in its parts',
  (text) => {
    const lines = new Lines()
    lines.reached(text)
    expect(parts(lines).join('')).toBe(text)
  },
)

test('only the last part can still grow, at whatever pieces', () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = seeded(seed)
    const text = Array.from({ length: 400 }, () => (random() < 0.1 ? '\n' : 'x')).join('')
    const lines = new Lines()
    for (let end = 0; end < text.length; end += 1 + Math.floor(random() * 5))
      lines.reached(text.slice(0, end))
    lines.reached(text)
    expect(parts(lines)).toEqual(text.split(/(?<=\n)/).concat(text.endsWith('\n') ? [''] : []))
  }
})

test('what a new line costs does not grow with the text', () => {
  const lines = new Lines()
  let touched = 0
  let text = ''
  for (let i = 0; i < 5_000; i++) {
    const before = lines.ended.all
    lines.reached((text += 'a line of forty characters, or nearly so\n'))
    touched += lines.ended.all.filter((page, at) => page !== before[at]).length
  }
  expect(touched).toBe(5_000)
})

test('it can begin anew', () => {
  const lines = new Lines()
  lines.reached('one\ntwo')
  lines.reached('o')
  expect(parts(lines)).toEqual(['o'])
})
