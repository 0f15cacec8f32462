/**
 * Which pages of lines are drawn. A few that follow each other are in the document, so the browser scrolls, wraps and
 * selects as ever; near an end of them the next one is drawn and the one farthest away is dropped.
 */
import { PAGE_LINES } from './outputQueries'

/** Pages drawn at once. */
export const SHOWN_PAGES = 3

export function pageCount(totalLines: number): number {
  return Math.ceil(totalLines / PAGE_LINES)
}

/** The first page to draw so that a line (counted from 0) has lines on both sides. */
export function firstPageFor(line: number, totalLines: number): number {
  const page = Math.floor(line / PAGE_LINES) - 1
  return clamp(page, totalLines)
}

function clamp(page: number, totalLines: number): number {
  return Math.max(0, Math.min(page, pageCount(totalLines) - SHOWN_PAGES))
}

export interface Scrolled {
  top: number
  height: number
  contentHeight: number
}

/** The first page to draw after a scroll: one earlier or later where an end is less than a screen away. */
export function afterScroll(first: number, totalLines: number, at: Scrolled): number {
  if (at.top < at.height) return clamp(first - 1, totalLines)
  if (at.contentHeight - at.top - at.height < at.height) return clamp(first + 1, totalLines)
  return first
}

/** The lines of a page, counted from 0; the last page is shorter. */
export function linesOn(page: number, totalLines: number): number {
  return Math.min(PAGE_LINES, totalLines - page * PAGE_LINES)
}
