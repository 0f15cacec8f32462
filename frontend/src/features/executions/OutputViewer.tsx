/** A long output: any line of it at once, a search in it, and where one is. */
import { ActionIcon, Group, NumberInput, Slider, Text, TextInput, Tooltip } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '@/components/errorText'
import { ChevronDownIcon, ChevronUpIcon, SearchIcon } from '@/components/icons'
import { LineList, type LineListHandle } from './LineList'
import { type OutputId, useHits } from './outputQueries'
import classes from './outputs.module.css'
import { RegexToggle } from './RegexToggle'

interface OutputViewerProps {
  output: OutputId
  totalLines: number
  wrap: boolean
  label: string
}

const PAUSE = 300 // ms without a key before the words are looked for

export function OutputViewer({ output, totalLines, wrap, label }: OutputViewerProps) {
  const list = useRef<LineListHandle>(null)
  const [top, setTop] = useState(1)
  const [text, setText] = useState('')
  const [regex, setRegex] = useState(false)
  const [q] = useDebouncedValue(text, PAUSE)
  const found = useHits(output, { q, regex, case: false })
  const hits = found.data?.found[0]?.matches.map(({ number }) => number) ?? []
  const [current, setCurrent] = useState<number>()
  const step = (by: 1 | -1) => {
    const next = neighbour(hits, current ?? top, by, current === undefined)
    if (next === undefined) return
    setCurrent(next)
    list.current?.show(next)
  }
  const firstHit = hits[0]
  // biome-ignore lint/correctness/useExhaustiveDependencies: new hits are what the reader is brought to
  useEffect(() => {
    setCurrent(undefined)
    if (q && firstHit !== undefined) {
      setCurrent(firstHit)
      list.current?.show(firstHit)
    }
  }, [q, regex, firstHit])
  return (
    <>
      <Group gap="xs" className={classes.viewerBar}>
        <SearchField
          text={text}
          onText={setText}
          regex={regex}
          onRegex={setRegex}
          onStep={step}
          problem={found.error ? errorText(found.error) : undefined}
        />
        {q && found.data && (
          <HitCount
            hits={hits}
            current={current}
            count={found.data.lines_found}
            complete={found.data.complete}
            onStep={step}
          />
        )}
        <GoTo totalLines={totalLines} onGo={(line) => list.current?.show(line)} />
      </Group>
      <LineList
        ref={list}
        output={output}
        totalLines={totalLines}
        wrap={wrap}
        label={label}
        hits={new Set(q ? hits : [])}
        current={current}
        onTop={setTop}
      />
      <Position top={top} totalLines={totalLines} onGo={(line) => list.current?.show(line)} />
    </>
  )
}

/** The next hit in a direction, beginning anew behind the last one. */
export function neighbour(
  hits: readonly number[],
  from: number,
  by: 1 | -1,
  inclusive: boolean,
): number | undefined {
  if (by === 1) return hits.find((hit) => hit > from || (inclusive && hit === from)) ?? hits[0]
  return hits.findLast((hit) => hit < from) ?? hits.at(-1)
}

interface SearchFieldProps {
  text: string
  onText: (text: string) => void
  regex: boolean
  onRegex: (regex: boolean) => void
  onStep: (by: 1 | -1) => void
  problem: string | undefined
}

function SearchField({ text, onText, regex, onRegex, onStep, problem }: SearchFieldProps) {
  const { t } = useTranslation()
  return (
    <TextInput
      size="xs"
      className={classes.searchField}
      type="search"
      aria-label={t('outputs.searchIn')}
      placeholder={t('outputs.searchIn')}
      leftSection={<SearchIcon size={13} />}
      rightSection={<RegexToggle value={regex} onChange={onRegex} />}
      value={text}
      maxLength={500}
      error={problem}
      onChange={(event) => onText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === 'F3') {
          event.preventDefault()
          onStep(event.shiftKey ? -1 : 1)
        }
      }}
    />
  )
}

interface HitCountProps {
  hits: readonly number[]
  current: number | undefined
  count: number
  complete: boolean
  onStep: (by: 1 | -1) => void
}

function HitCount({ hits, current, count, complete, onStep }: HitCountProps) {
  const { t } = useTranslation()
  const at = current === undefined ? 0 : hits.indexOf(current) + 1
  const text = !complete
    ? t('outputs.searchCut')
    : count === 0
      ? t('outputs.noHit')
      : t('outputs.hitOf', { at: at.toLocaleString(), count: count.toLocaleString() })
  return (
    <Group gap={2} wrap="nowrap">
      <Text size="xs" c="dimmed" role="status">
        {text}
      </Text>
      {hits.length > 0 && (
        <>
          <Tooltip label={t('outputs.previousHit')}>
            <ActionIcon size="sm" aria-label={t('outputs.previousHit')} onClick={() => onStep(-1)}>
              <ChevronUpIcon size={14} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t('outputs.nextHit')}>
            <ActionIcon size="sm" aria-label={t('outputs.nextHit')} onClick={() => onStep(1)}>
              <ChevronDownIcon size={14} />
            </ActionIcon>
          </Tooltip>
        </>
      )}
    </Group>
  )
}

interface GoProps {
  totalLines: number
  onGo: (line: number) => void
}

function GoTo({ totalLines, onGo }: GoProps) {
  const { t } = useTranslation()
  const [line, setLine] = useState<number | string>('')
  return (
    <NumberInput
      size="xs"
      className={classes.goTo}
      aria-label={t('outputs.goTo')}
      placeholder={t('outputs.goTo')}
      hideControls
      min={1}
      max={totalLines}
      allowDecimal={false}
      value={line}
      onChange={setLine}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && line !== '') onGo(Math.max(1, Math.min(Number(line), totalLines)))
      }}
    />
  )
}

/** Where in the output one is: a slider over all of it, since the scroll bar only knows what is drawn. */
function Position({ top, totalLines, onGo }: GoProps & { top: number }) {
  const { t } = useTranslation()
  const [dragged, setDragged] = useState<number>()
  const line = dragged ?? top
  const said = t('outputs.position', { line: line.toLocaleString(), total: totalLines.toLocaleString() })
  return (
    <div className={classes.position}>
      <Slider
        size="xs"
        flex={1}
        min={1}
        max={Math.max(totalLines, 2)}
        label={null}
        value={line}
        onChange={setDragged}
        onChangeEnd={(chosen) => {
          setDragged(undefined)
          onGo(chosen)
        }}
        thumbLabel={t('outputs.positionLabel')}
      />
      <Text size="xs" c="dimmed" className={classes.positionText}>
        {said}
      </Text>
    </div>
  )
}
