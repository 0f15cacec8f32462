import { expect, test } from 'vitest'
import { afterScroll, firstPageFor, linesOn, pageCount, SHOWN_PAGES } from './lineWindow'
import { neighbour } from './OutputViewer'
import { PAGE_LINES } from './outputQueries'

const MILLION = 1_000_000

test('a line in the middle has a page before and after it', () => {
  expect(firstPageFor(900_000, MILLION)).toBe(900_000 / PAGE_LINES - 1)
})

test('at both ends the pages drawn are all there', () => {
  expect(firstPageFor(0, MILLION)).toBe(0)
  expect(firstPageFor(MILLION - 1, MILLION)).toBe(pageCount(MILLION) - SHOWN_PAGES)
  expect(firstPageFor(5, 10)).toBe(0)
})

test('a page follows when less than a screen is left, and none where nothing is', () => {
  const screen = { height: 400, contentHeight: 10_000 }
  expect(afterScroll(10, MILLION, { ...screen, top: 5_000 })).toBe(10)
  expect(afterScroll(10, MILLION, { ...screen, top: 9_300 })).toBe(11)
  expect(afterScroll(10, MILLION, { ...screen, top: 100 })).toBe(9)
  expect(afterScroll(0, MILLION, { ...screen, top: 0 })).toBe(0)
  const last = pageCount(MILLION) - SHOWN_PAGES
  expect(afterScroll(last, MILLION, { ...screen, top: 9_600 })).toBe(last)
})

test('the last page has what is left', () => {
  expect(linesOn(0, PAGE_LINES + 1)).toBe(PAGE_LINES)
  expect(linesOn(1, PAGE_LINES + 1)).toBe(1)
})

test('hits are stepped through in a circle', () => {
  expect(neighbour([3, 7, 9], 7, 1, false)).toBe(9)
  expect(neighbour([3, 7, 9], 9, 1, false)).toBe(3)
  expect(neighbour([3, 7, 9], 3, -1, false)).toBe(9)
  expect(neighbour([3, 7, 9], 7, 1, true)).toBe(7)
  expect(neighbour([], 1, 1, true)).toBeUndefined()
})
