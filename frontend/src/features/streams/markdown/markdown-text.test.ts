import { Lexer } from 'marked'
import { expect, test, vi } from 'vitest'
import { seeded } from '../../../client/testing/random'
import { documentOf, piecesOf } from './documents'
import { draw } from './draw'
import { MarkdownText } from './markdown-text.svelte'
import * as parser from './parse'

const html = (tokens: Parameters<typeof draw>[0]) => {
  const box = document.createElement('div')
  box.append(...draw(tokens))
  return box.innerHTML.replaceAll(' dir="auto"', '')
}

function drawn(markdown: MarkdownText): string {
  const blocks = [...markdown.closed.all.flat(), ...(markdown.rest ? [markdown.rest] : [])]
  return blocks.map((block) => html(block.tokens ?? [])).join('')
}

const whole = (text: string) => html(new Lexer({ gfm: true, breaks: true }).lex(text))

function written(text: string, pieces: string[]): MarkdownText {
  const markdown = new MarkdownText(Infinity)
  let shown = ''
  for (const piece of pieces) markdown.reached((shown += piece), false)
  markdown.reached(text, true)
  return markdown
}

test.each(Array.from({ length: 500 }, (_, seed) => seed))(
  'block by block, at whatever pieces, it is drawn as if parsed whole (seed %d)',
  (seed) => {
    const random = seeded(seed)
    const text = documentOf(random)
    expect(drawn(written(text, piecesOf(text, random))), text).toBe(whole(text))
  },
)

test('200 kB in 5,000 pieces: every character is parsed once, or twice when links are defined at the end', () => {
  const random = seeded(7)
  let text = ''
  while (text.length < 200_000) text += `${documentOf(random)}\n\n`
  const parse = vi.spyOn(parser, 'parse')
  const markdown = new MarkdownText(Infinity)
  const length = Math.ceil(text.length / 5_000)
  let drawnPages = 0
  for (let end = length; end < text.length + length; end += length) {
    const before = markdown.closed.all
    markdown.reached(text.slice(0, end), false)
    drawnPages += markdown.closed.all.filter((page, i) => page !== before[i]).length
  }
  const parsed = () => parse.mock.calls.reduce((sum, [source]) => sum + source.length, 0)
  expect(parsed()).toBeLessThanOrEqual(text.length)
  expect(parsed()).toBeGreaterThan(text.length * 0.99)
  expect(drawnPages, 'only the last page is touched, or it and the next').toBeLessThan(5_000 * 2)
  markdown.reached(text, true)
  expect(parsed()).toBeLessThanOrEqual(2 * text.length)
  expect(drawn(markdown)).toBe(whole(text))
})

test('the open block is there as it was written, and closed by the end', () => {
  const markdown = new MarkdownText(Infinity)
  markdown.reached('first\n\n- **a**\n- b', false)
  expect(markdown.closed.all.flat()).toHaveLength(1)
  expect([...markdown.open.ended.all.flat(), markdown.open.last]).toEqual(['- **a**\n', '- b'])
  markdown.reached('first\n\n- **a**\n- b', true)
  expect(drawn(markdown)).toBe('<p>first</p><ul><li><strong>a</strong></li><li>b</li></ul>')
})

test('what ended may go on, in the middle of a word', () => {
  const markdown = new MarkdownText(Infinity)
  markdown.reached('one **tw', true)
  markdown.reached('one **two**', false)
  expect(markdown.rest).toBeNull()
  markdown.reached('one **two**', true)
  expect(drawn(markdown)).toBe('<p>one <strong>two</strong></p>')
})

test('it can begin anew', () => {
  const markdown = new MarkdownText(Infinity)
  markdown.reached('one\n\ntwo\n\nthree', true)
  markdown.reached('', false)
  expect(markdown.closed.empty).toBe(true)
  markdown.reached('one\n\ntw', true)
  expect(drawn(markdown)).toBe('<p>one</p><p>tw</p>')
})

test('a long text is there at once as it was written, and is parsed in many short tasks', () => {
  vi.useFakeTimers()
  try {
    const random = seeded(3)
    let text = ''
    while (text.length < 40_000) text += `${documentOf(random)}\n\n`
    const markdown = new MarkdownText(-1)
    markdown.reached(text, true)
    const blocks = [...markdown.closed.all.flat(), ...(markdown.rest ? [markdown.rest] : [])]
    expect(blocks.map((block) => block.source).join('')).toBe(text)
    expect(blocks.filter((block) => block.tokens !== null)).toHaveLength(1)
    vi.advanceTimersToNextTimer()
    expect(blocks.filter((block) => block.tokens !== null)).toHaveLength(2)
    vi.runAllTimers()
    expect(drawn(markdown)).toBe(whole(text))
    markdown.close()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
