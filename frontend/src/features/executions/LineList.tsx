/** The lines of a long output, scrolled through; only those near the screen are loaded and drawn. */
import { Skeleton } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { forwardRef, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import type { Line } from '@/api/types'
import { ErrorState } from '@/components/states'
import { Coloured } from './Coloured'
import { afterScroll, firstPageFor, linesOn, pageCount, SHOWN_PAGES } from './lineWindow'
import { type OutputId, PAGE_LINES, pageQuery } from './outputQueries'
import classes from './outputs.module.css'

const LINE_HEIGHT = 18 // px, as in outputs.module.css; for what is not loaded yet

export interface LineListHandle {
  /** Brings a line (counted from 1) into view. */
  show: (line: number) => void
  focus: () => void
}

interface LineListProps {
  output: OutputId
  totalLines: number
  wrap: boolean
  label: string
  hits: ReadonlySet<number>
  current: number | undefined
  /** The line at the top of the screen, counted from 1. */
  onTop: (line: number) => void
}

/** What stays where it is while lines around it are drawn or dropped: a line, and how far from the top it is. */
interface Anchor {
  line: number
  offset: number
}

export const LineList = forwardRef<LineListHandle, LineListProps>(function LineList(props, ref) {
  const { output, totalLines, wrap, label, onTop } = props
  const box = useRef<HTMLDivElement>(null)
  const anchor = useRef<Anchor>({ line: 1, offset: 0 })
  const settled = useRef(0)
  const [first, setFirst] = useState(0)
  const pages = Array.from({ length: Math.min(SHOWN_PAGES, pageCount(totalLines)) }, (_, n) => first + n)
  const loaded = useQueries({ queries: pages.map((page) => pageQuery(output, page)) })
  const drawn = `${first} ${loaded.map(({ status }) => status).join()} ${wrap}`

  const show = (line: number) => {
    const height = box.current?.clientHeight ?? 0
    anchor.current = { line, offset: line === 1 ? 0 : Math.round(height / 3) }
    setFirst(firstPageFor(line - 1, totalLines))
    settled.current = holdStill(box.current, anchor.current)
    onTop(line)
  }
  useImperativeHandle(ref, () => ({ show, focus: () => box.current?.focus() }))

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is what is drawn that moves the lines
  useLayoutEffect(() => {
    settled.current = holdStill(box.current, anchor.current)
  }, [drawn])

  const scrolled = () => {
    if (!box.current || box.current.scrollTop === settled.current) return
    const found = lineAtTop(box.current)
    if (found) {
      anchor.current = found
      onTop(found.line)
    }
    const { scrollTop: top, clientHeight: height, scrollHeight: contentHeight } = box.current
    setFirst(afterScroll(first, totalLines, { top, height, contentHeight }))
  }
  const pressed = (event: React.KeyboardEvent) => {
    if (event.key !== 'Home' && event.key !== 'End') return
    event.preventDefault()
    show(event.key === 'Home' ? 1 : totalLines)
  }
  const broken = loaded.find(({ isError }) => isError)
  if (broken) return <ErrorState compact error={broken.error} onRetry={() => void broken.refetch()} />
  return (
    <section
      ref={box}
      className={classes.lines}
      data-wrap={wrap || undefined}
      style={{ '--digits': String(totalLines).length } as React.CSSProperties}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
      tabIndex={0}
      onScroll={scrolled}
      onKeyDown={pressed}
    >
      {pages.map((page, index) => (
        <PageOfLines key={page} page={page} lines={loaded[index]?.data} {...props} />
      ))}
    </section>
  )
})

interface PageOfLinesProps extends LineListProps {
  page: number
  lines: Line[] | undefined
}

function PageOfLines({ page, lines, totalLines, hits, current }: PageOfLinesProps) {
  if (!lines)
    return (
      <div
        data-line={page * PAGE_LINES + 1}
        data-lines={linesOn(page, totalLines)}
        style={{ height: linesOn(page, totalLines) * LINE_HEIGHT }}
      >
        <Skeleton height="100%" radius={0} />
      </div>
    )
  return lines.map((line) => (
    <div
      key={line.number}
      className={classes.line}
      data-line={line.number}
      data-hit={hits.has(line.number) ? (line.number === current ? 'current' : 'other') : undefined}
    >
      <span className={classes.number}>{line.number}</span>
      <code className={classes.text} data-cut={line.cut || undefined}>
        <Coloured text={line.text} />
      </code>
    </div>
  ))
}

/** Puts a line back to where it was; returns how far that is scrolled, to tell this move from the reader's. */
function holdStill(box: HTMLElement | null, { line, offset }: Anchor): number {
  const element = box && elementOf(box, line)
  if (!box || !element) return -1
  const within = line - Number(element.dataset.line) // more than 0 on a page that is not loaded yet
  box.scrollTop = element.offsetTop + within * LINE_HEIGHT - offset
  return box.scrollTop
}

function elementOf(box: HTMLElement, line: number): HTMLElement | undefined {
  return [...box.querySelectorAll<HTMLElement>('[data-line]')].find((element) => {
    const first = Number(element.dataset.line)
    return first <= line && line < first + Number(element.dataset.lines ?? 1)
  })
}

function lineAtTop(box: HTMLElement): Anchor | undefined {
  const top = box.scrollTop
  const elements = [...box.querySelectorAll<HTMLElement>('[data-line]')]
  const element = elements.find(({ offsetTop, offsetHeight }) => offsetTop + offsetHeight > top)
  if (!element) return undefined
  const passed = element.dataset.lines ? Math.floor((top - element.offsetTop) / LINE_HEIGHT) : 0
  const line = Number(element.dataset.line) + Math.max(passed, 0)
  return { line, offset: element.offsetTop + Math.max(passed, 0) * LINE_HEIGHT - top }
}
