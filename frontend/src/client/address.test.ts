import { expect, test } from 'vitest'
import { addressOf } from './address.ts'

test.each([
  ['https://example.com', 'https://example.com', 'https://example.com', '/socket.io/'],
  ['https://example.com/', 'https://example.com', 'https://example.com', '/socket.io/'],
  ['http://localhost:5002//', 'http://localhost:5002', 'http://localhost:5002', '/socket.io/'],
  ['http://[::1]:5002/a', 'http://[::1]:5002/a', 'http://[::1]:5002', '/a/socket.io/'],
  [
    'https://example.com/chat-api',
    'https://example.com/chat-api',
    'https://example.com',
    '/chat-api/socket.io/',
  ],
  ['https://example.com/a/b/', 'https://example.com/a/b', 'https://example.com', '/a/b/socket.io/'],
  ['/chat-api', '/chat-api', '', '/chat-api/socket.io/'],
  ['', '', '', '/socket.io/'],
])('%s', (url, base, origin, socketPath) => {
  expect(addressOf(url)).toEqual({ base, origin, socketPath })
})

test.each([
  'https://example.com?a=1',
  'https://example.com/#/wirecheck',
  'https://example.com/a b',
  'ftp://example.com',
  'example.com/chat-api',
  'https://',
])('%s is refused', (url) => {
  expect(() => addressOf(url)).toThrow(TypeError)
})

test('a long address takes a time that grows with its length', () => {
  expect(() => addressOf(`https://example.com${'/'.repeat(100_000)}?`)).toThrow(TypeError)
  expect(() => addressOf(`https://example.com${'/a'.repeat(100_000)}?`)).toThrow(TypeError)
})
