import { expect, test } from 'vitest'
import { trimmed } from './trimmed'

test.each([
  ['  indented', '  indented'],
  ['\n\n  \t\n    code\n  more\n\n', '    code\n  more'],
  ['text  \n ', 'text'],
  [' \n \n', ''],
  ['', ''],
  ['a\n\n  b', 'a\n\n  b'],
])('%j is sent as %j', (typed, sent) => {
  expect(trimmed(typed)).toBe(sent)
})

test('a field full of blanks costs no more than its length', () => {
  expect(trimmed(' '.repeat(100_000) + 'x').length).toBe(100_001)
  expect(trimmed(' \n'.repeat(50_000))).toBe('')
  expect(trimmed(' \n'.repeat(50_000) + 'x')).toBe('x')
})
