import { afterEach, expect, test } from 'vitest'
import { language } from '../../i18n/language.svelte'
import { typingLine } from './line'

const people = (...names: string[]) => names.map((name) => ({ id: name, name, guest: false }))

afterEach(() => language.choose('en'))

test('nobody writes: nothing is said', () => {
  expect(typingLine([])).toBe('')
})

test('one is, two and three are, more are several', () => {
  expect(typingLine(people('Ann'))).toBe('Ann is typing…')
  expect(typingLine(people('Ann', 'Bob'))).toBe('Ann and Bob are typing…')
  expect(typingLine(people('Ann', 'Bob', 'Cem'))).toMatch(/^Ann, Bob,? and Cem are typing…$/)
  expect(typingLine(people('Ann', 'Bob', 'Cem', 'Di'))).toBe('Several people are typing…')
})

test('Chinese has one form for any number', async () => {
  await language.choose('zh')
  expect(typingLine(people('小明'))).toBe('小明正在输入…')
  expect(typingLine(people('小明', '小红'))).toBe('小明和小红正在输入…')
})
