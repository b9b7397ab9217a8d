import { expect, test } from 'vitest'
import { parseArguments } from './arguments'

const args = (kind: 'json' | 'text' | 'hex' | 'base64', written: string) => {
  const parsed = parseArguments(kind, written)
  return parsed.ok ? parsed.args : parsed.fault
}

test.each([
  ['', []],
  ['  \n', []],
  ['[]', []],
  ['["a", {"b": 2}, null]', ['a', { b: 2 }, null]],
  ['[[1, 2]]', [[1, 2]]],
  ['"a"', ['a']],
  ['{"room": "garden"}', [{ room: 'garden' }]],
  ['null', [null]],
])('the JSON %j is the arguments %j', (written, expected) => {
  expect(args('json', written)).toEqual(expected)
})

test.each(['[1,]', 'hello', '{a: 1}', '[NaN]'])('%j is no JSON, and it is told why', (written) => {
  const parsed = parseArguments('json', written)
  expect(parsed).toMatchObject({ ok: false, fault: 'json' })
  expect(parsed.ok ? '' : parsed.detail).not.toBe('')
})

test('a text is one argument as it stands', () => {
  expect(args('text', ' [1] \n')).toEqual([' [1] \n'])
  expect(args('text', '')).toEqual([''])
})

test.each(['00ff10', '00 FF 10', '00:ff:10', '0x00, 0xFF, 0x10', '00\nff\n10'])(
  '%j is three bytes',
  (hex) => {
    expect(args('hex', hex)).toEqual([Uint8Array.of(0, 255, 16)])
  },
)

test.each([
  ['0', '1'],
  ['00 f', '3'],
  ['zz', 'z'],
])('%j is no bytes because of %j', (hex, detail) => {
  expect(parseArguments('hex', hex)).toEqual({ ok: false, fault: 'hex', detail })
})

test.each(['AP8Q', 'AP 8Q\n'])('the Base64 %j is three bytes', (written) => {
  expect(args('base64', written)).toEqual([Uint8Array.of(0, 255, 16)])
})

test('Base64 may be written as in addresses, and without padding', () => {
  expect(args('base64', '-_8')).toEqual([Uint8Array.of(251, 255)])
  expect(args('base64', 'AP8Q=Q')).toBe('base64')
})
