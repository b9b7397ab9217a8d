import { expect, test } from 'vitest'
import { sentenceBegun, Sentences, spoken } from './sentences'

test('a sentence is told when the next one has begun, and each once', () => {
  const sentences = new Sentences('en', 0)
  expect(sentences.next('It is ra', false)).toEqual([])
  expect(sentences.next('It is raining. ', false)).toEqual([])
  expect(sentences.next('It is raining. We st', false)).toEqual(['It is raining.'])
  expect(sentences.next('It is raining. We stay. And', false)).toEqual(['We stay.'])
  expect(sentences.next('It is raining. We stay. And', true)).toEqual(['And'])
  expect(sentences.next('It is raining. We stay. And', true)).toEqual([])
})

test('what was there before is not told again', () => {
  const sentences = new Sentences('en', 'Long ago. '.length)
  expect(sentences.next('Long ago. Now. Then', false)).toEqual(['Now.'])
})

test('Chinese sentences end with their own stop', () => {
  const sentences = new Sentences('zh', 0)
  expect(sentences.next('下雨了。我们不出', false)).toEqual(['下雨了。'])
})

test('text without an end is told after a while', () => {
  const sentences = new Sentences('en', 0)
  expect(sentences.next('x'.repeat(500), false)).toEqual(['x'.repeat(500)])
})

test.each([
  ['', 0],
  ['It ra', 0],
  ['It rains.', 9],
  ['It rains. ', 10],
  ['It rains. We st', 10],
  ['下雨了。我们', 4],
  ['x'.repeat(2000), 2000],
])('of %j, what is being written begins at %d', (text, begun) => {
  expect(sentenceBegun('en', text)).toBe(begun)
})

test.each([
  ['## A **bold** title', 'A bold title'],
  ['- see [the end](https://example.com/end).', 'see the end.'],
  ['> 1. `code` and snake_case', 'code and snake_case'],
  ['| a | b |\n|---|---|\n| 1 | 2 |', 'a  b \n\n 1  2'],
  ['```js\nlet a = 1', 'let a = 1'],
  ['2 - 1 = 1', '2 - 1 = 1'],
])('%j is read out as %j', (markdown, words) => {
  expect(spoken(markdown)).toBe(words)
})
