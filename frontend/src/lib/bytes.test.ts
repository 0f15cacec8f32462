import { expect, test } from 'vitest'
import { partOf } from './bytes'

test('a part is counted in bytes, not in characters', () => {
  const text = 'aé✓b'

  expect(partOf(text, { start: 0, end: 1 })).toBe('a')
  expect(partOf(text, { start: 1, end: 3 })).toBe('é')
  expect(partOf(text, { start: 3, end: 7 })).toBe('✓b')
})

test('what lies behind the end of the text, or behind bytes that were no text, is not known', () => {
  expect(partOf('abc', { start: 2, end: 4 })).toBeUndefined()
  expect(partOf('ab\ufffdc', { start: 0, end: 2 })).toBe('ab')
  expect(partOf('ab\ufffdc', { start: 3, end: 4 })).toBeUndefined()
})
