import { expect, test } from 'vitest'
import { growsWithin } from '../../testing/cpu'
import { linked } from './links'

const links = (text: string) => linked(text).filter((piece) => piece.href)

test('text without an address stays one piece', () => {
  expect(linked('see you at 10:30, ok?')).toEqual([{ text: 'see you at 10:30, ok?' }])
})

test('nothing is lost or doubled around the links', () => {
  const text = 'a https://example.com/a?b=1#c, and (http://example.org/x_(y)). End'
  expect(
    linked(text)
      .map((piece) => piece.text)
      .join(''),
  ).toBe(text)
  expect(links(text).map((piece) => piece.text)).toEqual([
    'https://example.com/a?b=1#c',
    'http://example.org/x_(y)',
  ])
})

test('a Chinese sentence ends a link', () => {
  expect(links('请看https://example.com/路径，谢谢。').map((piece) => piece.text)).toEqual([
    'https://example.com/路径',
  ])
})

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'ftp://example.com',
  'https://',
  'http://[',
  'HTTPS:example',
])('%s is no link', (text) => {
  expect(links(text)).toEqual([])
})

test('an upper-case scheme is a link in its normal form', () => {
  expect(links('HTTPS://EXAMPLE.com/A')).toEqual([
    { text: 'HTTPS://EXAMPLE.com/A', href: 'https://example.com/A' },
  ])
})

test.each([
  ['https://example.com/a。然后继续', 'https://example.com/a'],
  ['看https://example.com/a）。', 'https://example.com/a'],
  ['《https://example.com/书》', 'https://example.com/书'],
  ['(see https://example.com/x_(y))', 'https://example.com/x_(y)'],
  ['https://example.com/a)))]].,', 'https://example.com/a'],
  ['https://example.com/(a)(b)).', 'https://example.com/(a)(b)'],
  ['[https://example.com/{id}]', 'https://example.com/{id}'],
])('the sentence around %j does not belong to the link', (text, address) => {
  expect(links(text).map((piece) => piece.text)).toEqual([address])
})

test('an address longer than any real one stays text', () => {
  const long = `https://example.com/${'a'.repeat(2_000)}`
  expect(linked(`${long} end`)).toEqual([{ text: `${long} end` }])
})

test('a browser without URL.canParse draws links as well', () => {
  const { canParse } = URL
  Object.assign(URL, { canParse: undefined })
  try {
    expect(links('https://example.com').map((piece) => piece.href)).toEqual(['https://example.com/'])
  } finally {
    Object.assign(URL, { canParse })
  }
})

test.each([
  ['closing brackets', 'https://example.com/', ')'],
  ['pairs of brackets', 'https://example.com/', '()'],
  ['opening brackets', 'https://example.com/', '(['],
  ['stops', 'https://example.com/', '.'],
  ['many addresses', '', 'https://example.com/) '],
  ['beginnings of addresses', '', 'http://'],
  ['schemes', '', 'https:'],
])('%s cost no more than their length', (_, start, unit) => {
  const n = 262_144 / unit.length
  const [part, whole] = [start + unit.repeat(n / 2), start + unit.repeat(n)]
  expect(
    growsWithin(
      2.6,
      () => linked(part),
      () => linked(whole),
    ),
  ).toBe(true)
})
