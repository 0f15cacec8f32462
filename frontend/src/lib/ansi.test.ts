import { expect, test } from 'vitest'
import { ansiPieces, firstLine, withoutAnsi } from './ansi'

test('colours and weight are kept, whatever else controls a terminal is dropped', () => {
  expect(ansiPieces('\u001b[1;32mok\u001b[0m\u001b[2J done\u0007')).toEqual([
    { text: 'ok', bold: true, color: 2 },
    { text: ' done' },
  ])
})

test('a line that was written over shows what was written last', () => {
  expect(withoutAnsi('10%\r50%\r100%\r\ndone')).toBe('100%\ndone')
})

test('the first line is the first one that says something', () => {
  expect(firstLine('\n  \n \u001b[31mFailed\u001b[0m to start\nmore')).toBe('Failed to start')
})
