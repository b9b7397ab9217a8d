import { afterEach, expect, test, vi } from 'vitest'
import { stored } from './stored'

afterEach(() => {
  vi.unstubAllGlobals()
  for (const key of stored.keys('test.')) stored.remove(key)
})

function refuse(error: Error) {
  const throwing = () => {
    throw error
  }
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: throwing, removeItem: throwing, length: 0 })
}

test('a value is in storage and can be removed', () => {
  expect(stored.set('test.a', '1')).toBe(true)
  expect(localStorage.getItem('test.a')).toBe('1')
  expect(stored.keys('test.')).toEqual(['test.a'])
  stored.remove('test.a')
  expect(stored.get('test.a')).toBeNull()
  expect(stored.keys('test.')).toEqual([])
})

test.each(['QuotaExceededError', 'SecurityError'])('%s: the value lives in memory', (name) => {
  refuse(new DOMException('no', name))
  expect(stored.set('test.b', '1')).toBe(false)
  expect(stored.get('test.b')).toBe('1')
  expect(stored.keys('test.')).toEqual(['test.b'])
  expect(stored.outlivesTheTab()).toBe(false)
  stored.remove('test.b')
  expect(stored.get('test.b')).toBeNull()
})

test('where even the name localStorage throws, nothing throws', () => {
  vi.stubGlobal('localStorage', undefined)
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get() {
      throw new DOMException('no', 'SecurityError')
    },
  })
  expect(stored.get('test.c')).toBeNull()
  expect(stored.set('test.c', '1')).toBe(false)
  expect(stored.get('test.c')).toBe('1')
  stored.remove('test.c')
  expect(stored.keys('test.')).toEqual([])
})

test('a new value replaces what memory held as soon as storage takes values again', () => {
  refuse(new DOMException('no', 'QuotaExceededError'))
  stored.set('test.d', 'old')
  vi.unstubAllGlobals()
  expect(stored.set('test.d', 'new')).toBe(true)
  expect(stored.get('test.d')).toBe('new')
})

test('another tab’s change is reported, and clearing everything as well', () => {
  const seen: (string | null)[] = []
  const end = stored.subscribe('test.e', (value) => seen.push(value))
  dispatchEvent(new StorageEvent('storage', { key: 'test.e', newValue: '1' }))
  dispatchEvent(new StorageEvent('storage', { key: 'other', newValue: '2' }))
  dispatchEvent(new StorageEvent('storage', { key: null, newValue: null }))
  end()
  dispatchEvent(new StorageEvent('storage', { key: 'test.e', newValue: '3' }))
  expect(seen).toEqual(['1', null])
})
