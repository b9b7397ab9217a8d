import { afterEach, expect, test } from 'vitest'
import { drafts } from './drafts'

const ann = { userId: 'ann', roomId: 'lobby' }

afterEach(() => {
  drafts.forget('ann')
  drafts.forget('bob')
})

test('a draft belongs to one person and one room', () => {
  drafts.keep(ann, 'Dear Bob')
  expect(drafts.get(ann)).toBe('Dear Bob')
  expect(drafts.get({ userId: 'bob', roomId: 'lobby' })).toBeNull()
  expect(drafts.get({ userId: 'ann', roomId: 'other' })).toBeNull()
})

test('an edit is kept beside the draft of its room', () => {
  drafts.keep(ann, 'new')
  drafts.keep({ ...ann, messageId: 'm1' }, 'changed')
  expect(drafts.edits(ann)).toEqual(['m1'])
  drafts.remove({ ...ann, messageId: 'm1' })
  expect(drafts.edits(ann)).toEqual([])
  expect(drafts.get(ann)).toBe('new')
})

test('an empty text is no draft', () => {
  drafts.keep(ann, 'x')
  drafts.keep(ann, '')
  expect(drafts.get(ann)).toBeNull()
})

test('signing out forgets everything of that person, and nothing of another', () => {
  drafts.keep(ann, 'a')
  drafts.keep({ ...ann, messageId: 'm1' }, 'b')
  drafts.keep({ userId: 'bob', roomId: 'lobby' }, 'c')
  drafts.forget('ann')
  expect(drafts.get(ann)).toBeNull()
  expect(drafts.edits(ann)).toEqual([])
  expect(drafts.get({ userId: 'bob', roomId: 'lobby' })).toBe('c')
})
