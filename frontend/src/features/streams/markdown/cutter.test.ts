import { expect, test } from 'vitest'
import { seeded } from '../../../client/testing/random'
import { MarkdownCutter } from './cutter'
import { documentOf, piecesOf } from './documents'

function cut(...pieces: string[]): { closed: string[]; rest: string } {
  const cutter = new MarkdownCutter()
  const closed = pieces.flatMap((piece) => cutter.take(piece))
  return { closed, rest: cutter.rest }
}

test('a paragraph is closed by the blank line after it', () => {
  expect(cut('one\ntwo\n')).toEqual({ closed: [], rest: 'one\ntwo\n' })
  expect(cut('one\ntwo\n\nthr')).toEqual({ closed: ['one\ntwo\n\n'], rest: 'thr' })
})

test('a fence is closed by its own end, and by nothing before', () => {
  const fence = '```js\na\n\n~~~\n# b\n```'
  expect(cut(fence)).toEqual({ closed: [], rest: fence })
  expect(cut(`${fence}\nafter`)).toEqual({ closed: [`${fence}\n`], rest: 'after' })
})

test('a list is closed by what belongs to none of its items, as soon as that can be told', () => {
  const list = '- a\n\n- b\n\n  of b\n\n'
  expect(cut(`${list}`).closed).toEqual([])
  expect(cut(`${list}1`).closed).toEqual([])
  expect(cut(`${list}A`)).toEqual({ closed: [list], rest: 'A' })
  expect(cut(`${list}1 apple\n`).closed).toEqual([list])
})

test('a table is closed by a blank line', () => {
  expect(cut('|a|\n|-|\n|1|\n', '|2|\n', '\n').closed).toEqual(['|a|\n|-|\n|1|\n|2|\n\n'])
})

test.each(Array.from({ length: 200 }, (_, seed) => seed))(
  'wherever it is cut, the blocks are the same (seed %d)',
  (seed) => {
    const random = seeded(seed)
    const text = documentOf(random)
    const whole = cut(text)
    expect(cut(...piecesOf(text, random))).toEqual(whole)
    expect(whole.closed.join('') + whole.rest).toBe(text)
  },
)
