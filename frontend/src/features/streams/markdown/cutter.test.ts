import { expect, test } from 'vitest'
import { seeded } from '../../../client/testing/random'
import { LONGEST_BLOCK, MarkdownCutter } from './cutter'
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

const repeated = (line: string) => line.repeat(Math.ceil((4 * LONGEST_BLOCK) / line.length))

test.each([
  ['lines', repeated('some words\n')],
  ['items of a list', repeated('- some words\n')],
  ['one long item', `- ${repeated('some words\n  ')}\n`],
  ['one line with blanks', `${repeated('some words ')}\n`],
  ['one line without blanks', `${repeated('words')}\n`],
  ['one line of pairs', `${repeated('🙂')}\n`],
  ['quotations', repeated('> some words\n')],
])('%s are cut into blocks that are not long, at the same places however they arrive', (_, text) => {
  const whole = cut(text)
  expect(whole.closed.join('') + whole.rest).toBe(text)
  for (const block of whole.closed) {
    expect(block.length).toBeLessThanOrEqual(2 * LONGEST_BLOCK + 100)
    expect(block).not.toMatch(/[\ud800-\udbff]$/)
  }
  expect(cut(...piecesOf(text, seeded(1), 5_000))).toEqual(whole)
})

test('a long table goes on with its head, and long code is not cut', () => {
  const table = cut(`|name|size|\n|-|-|\n${repeated('|some|words|\n')}\n`)
  expect(table.closed.length).toBeGreaterThan(3)
  for (const block of table.closed) expect(block.startsWith('|name|size|\n|-|-|\n|some|')).toBe(true)
  expect(table.closed.join('').match(/\|some\|/g)?.length).toBe(repeated('|some|words|\n').length / 13)
  const code = cut(`\`\`\`\n${repeated('code\n')}\`\`\`\nafter`)
  expect(code.closed).toHaveLength(1)
})
