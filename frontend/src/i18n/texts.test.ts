import { afterEach, expect, test } from 'vitest'
import { explain, problemsOf, tryAgain } from './explain'
import { duration, list } from './formats'
import { language, type Code } from './language.svelte'
import { spaced } from './spacing'

afterEach(() => language.choose('en'))

test('a space stands where a Chinese character meets a Latin letter or a digit, and nowhere else', () => {
  expect(spaced('加入', 'lobby', '房间')).toBe('加入 lobby 房间')
  expect(spaced('小明', '正在输入…')).toBe('小明正在输入…')
  expect(spaced('请在', '16 秒', '后重试。')).toBe('请在 16 秒后重试。')
  expect(spaced('“', 'lobby', '”的消息')).toBe('“lobby”的消息')
  expect(spaced('Ann', ' and ', 'Bob')).toBe('Ann and Bob')
  expect(spaced('', 'Ann', '', '已读')).toBe('Ann 已读')
})

test('lists and durations follow the language', async () => {
  expect(list(['Ann', 'Bob'])).toBe('Ann and Bob')
  expect([1, 16, 120, 7200].map(duration)).toEqual(['1 second', '16 seconds', '2 minutes', '2 hours'])
  await language.choose('zh')
  expect(list(['Ann', '小红'])).toBe('Ann 和小红')
  expect(list(['小明', '小红', 'Cem'])).toBe('小明、小红和 Cem')
  expect([16, 120].map(duration)).toEqual([expect.stringMatching(/^16 秒/), expect.stringMatching(/^2 分/)])
})

test.each<[Code, number, string | RegExp]>([
  ['en', 0.2, 'Try again in 1 second.'],
  ['en', 15.4, 'Try again in 16 seconds.'],
  ['en', 100, 'Try again in 2 minutes.'],
  ['zh', 15.4, /^请在 16 秒.?后重试。$/],
])('in %s, %d seconds are told as a time that is not too early', async (code, seconds, wanted) => {
  await language.choose(code)
  expect(tryAgain(seconds)).toMatch(wanted)
})

test('a refusal that passes says when to try again, and Chinese sentences stand without a space between them', async () => {
  expect(explain({ code: 'unavailable' })).toBe('The server is busy. Try again in a moment.')
  expect(explain({ code: 'forbidden' })).toBe('You don’t have permission to do this.')
  await language.choose('zh')
  expect(explain({ code: 'timeout' })).toBe('服务器繁忙。请稍后重试。')
})

test('what the API says of a field is a sentence, in both languages', async () => {
  const fields = { name: 'must have at most 40 characters', other: 'is something new' }
  expect(problemsOf({ fields })).toEqual({
    name: 'Must have at most 40 characters.',
    other: 'Is something new.',
  })
  await language.choose('zh')
  expect(problemsOf({ fields })).toEqual({ name: '最多 40 个字符。', other: '输入有误，请检查后重试。' })
})
