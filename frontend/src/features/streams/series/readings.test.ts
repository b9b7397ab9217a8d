import { expect, test } from 'vitest'
import { placeMarks } from './formats'
import { kindOf, readingOf, textOf, timeOf } from './readings'

const values = (item: unknown) => Object.fromEntries(readingOf(item)?.values ?? [])

test('a number is a reading, and so is an object with numbers', () => {
  expect(values(21.5)).toEqual({ value: 21.5 })
  expect(values({ value: 3 })).toEqual({ value: 3 })
  expect(values({ indoors: 20, outdoors: -3, sensor: 'north', ok: true })).toEqual({
    indoors: 20,
    outdoors: -3,
  })
})

test('what has no numbers of its own is no reading', () => {
  for (const item of [
    '12',
    null,
    true,
    [],
    [1, 2],
    {},
    { value: '12' },
    { value: null },
    { at: { value: 1 } },
    { t: 5 },
  ])
    expect(readingOf(item), JSON.stringify(item)).toBeNull()
})

test('a time is a date of ISO 8601, or seconds or milliseconds since 1970; other numbers are a place', () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5)
  for (const field of ['at', 'time', 't']) {
    expect(readingOf({ [field]: '2026-01-02T03:04:05Z', value: 1 })?.x).toEqual({ kind: 'time', at })
    expect(readingOf({ [field]: at, value: 1 })?.x).toEqual({ kind: 'time', at })
    expect(readingOf({ [field]: at / 1000, value: 1 })?.x).toEqual({ kind: 'time', at })
    expect(readingOf({ [field]: 12.5, value: 1 })?.x).toEqual({ kind: 'number', at: 12.5 })
  }
  expect(readingOf({ value: 1 })?.x).toBeNull()
  expect(readingOf({ at: 'soon', value: 1 })?.x).toBeNull()
  expect(values({ at: at, t: 4 })).toEqual({ t: 4 })
  expect(timeOf({ at: '2026-01-02T03:04:05Z' })).toEqual(new Date(at))
  expect(timeOf({ t: 4 })).toBeNull()
})

test('the first item that says anything decides what a series is', () => {
  expect(kindOf([])).toBeNull()
  expect(kindOf([null, {}, { at: 5, value: null }])).toBeNull()
  expect(kindOf([null, { value: null }, 4, 'words'])).toBe('plot')
  expect(kindOf(['words', 4])).toBe('log')
  expect(kindOf([{ step: 'link' }, 4])).toBe('log')
})

test('an item is read as it is, without the time that stands beside it', () => {
  expect(textOf('a line')).toBe('a line')
  expect(textOf({ step: 'link', ok: true })).toBe('{"step":"link","ok":true}')
  expect(textOf({ at: '2026-01-02', text: 'done' })).toBe('done')
  expect(textOf({ at: '2026-01-02', text: 'done', code: 0 })).toBe('{"text":"done","code":0}')
  expect(textOf(null)).toBe('null')
  expect(textOf([1, 'a'])).toBe('[1,"a"]')
})

test('a number that no date can be is a place, and every time can be written', () => {
  for (const at of [2 ** 53 - 1, 8.64e15 + 1, 1e300]) {
    expect(readingOf({ t: at, value: 1 })?.x).toEqual({ kind: 'number', at })
    expect(timeOf({ t: at })).toBeNull()
    expect(textOf({ t: at, text: 'done' })).toBe(JSON.stringify({ t: at, text: 'done' }))
  }
  for (const at of [8.64e15, 8.64e15 - 1, 1e11, 99_999_999_999, '9999-12-31T23:59:59Z'])
    expect(timeOf({ t: at })?.toISOString()).toMatch(/Z$/)
})

test('an axis of times has no mark where there is no date', () => {
  const marks = placeMarks([-8.7e15, 0, 8.64e15, 8.7e15, Infinity], 'time', 86_400_000)
  expect(marks.map((mark) => mark === '')).toEqual([true, false, false, true, true])
})
