import { expect, test } from 'vitest'
import { paragraphsOf } from './paragraphs'

test.each(['', 'one', 'one\n', 'one\ntwo', '\n\none\n\ntwo\n', '一\n😀'])(
  '%j is whole in its parts',
  (text) => {
    expect(paragraphsOf(text).join('')).toBe(text)
  },
)

test('only the last part can still grow', () => {
  expect(paragraphsOf('one\ntwo\nthr')).toEqual(['one\n', 'two\n', 'thr'])
})
