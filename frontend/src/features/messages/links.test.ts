import { expect, test } from 'vitest'
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
