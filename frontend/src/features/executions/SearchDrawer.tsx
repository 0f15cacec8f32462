/** A search through what was written on every target: how often, and where first. */
import { Alert, Button, Checkbox, Group, Highlight, Loader, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Found, Search } from '@/api/types'
import { SearchIcon } from '@/components/icons'
import { TextLink } from '@/components/links'
import { SideDrawer } from '@/components/SideDrawer'
import { StatusBadge } from '@/components/Status'
import { EmptyState, ErrorState } from '@/components/states'
import type { ViewProps } from './OutputActions'
import { type SearchWords, useSearch } from './outputQueries'
import classes from './outputs.module.css'
import { RegexToggle } from './RegexToggle'

interface SearchDrawerProps extends ViewProps {
  executionId: string
}

export function SearchDrawer({ executionId, view, onShow }: SearchDrawerProps) {
  const { t } = useTranslation()
  const [text, setText] = useState(view.find ?? '')
  const [regex, setRegex] = useState(false)
  const [matchCase, setMatchCase] = useState(false)
  const words = { q: view.find ?? '', regex, case: matchCase }
  const search = () => onShow({ ...view, find: text.trim() })
  return (
    <SideDrawer
      title={t('outputs.searchTitle')}
      size={720}
      onClose={() => onShow({ ...view, find: undefined })}
    >
      <Stack gap="md">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            search()
          }}
        >
          <Stack gap="xs">
            <Group gap="xs" wrap="nowrap">
              <TextInput
                flex={1}
                type="search"
                data-autofocus
                aria-label={t('outputs.searchPlaceholder')}
                placeholder={t('outputs.searchPlaceholder')}
                leftSection={<SearchIcon size={14} />}
                rightSection={<RegexToggle value={regex} onChange={setRegex} />}
                maxLength={500}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
              />
              <Button type="submit">{t('outputs.searchAll')}</Button>
            </Group>
            <Checkbox
              size="xs"
              label={t('outputs.caseSensitive')}
              checked={matchCase}
              onChange={(event) => setMatchCase(event.currentTarget.checked)}
            />
          </Stack>
        </form>
        {words.q ? (
          <Hits executionId={executionId} words={words} />
        ) : (
          <EmptyState
            compact
            icon={SearchIcon}
            title={t('outputs.searchTitle')}
            hint={t('outputs.searchStart')}
          />
        )}
      </Stack>
    </SideDrawer>
  )
}

function Hits({ executionId, words }: { executionId: string; words: SearchWords }) {
  const { t } = useTranslation()
  const search = useSearch(executionId, words)
  if (search.error) return <ErrorState compact error={search.error} onRetry={() => void search.refetch()} />
  if (!search.data) return <Loader size="sm" aria-label={t('common.loading')} />
  const pages = search.data.pages
  const found = pages.flatMap((page) => page.found)
  const last = pages.at(-1)
  return (
    <Stack gap="sm">
      <Summary pages={pages} />
      {last?.note && <Alert color="gray">{last.note}</Alert>}
      {found.map((hit) => (
        <FoundCard
          key={`${hit.result_id} ${hit.stream}`}
          executionId={executionId}
          found={hit}
          marked={words.regex ? '' : words.q}
        />
      ))}
      {found.length === 0 && !search.hasNextPage && (
        <EmptyState
          compact
          icon={SearchIcon}
          title={t('outputs.nothingFound')}
          hint={t('outputs.nothingFoundHint')}
        />
      )}
      {search.hasNextPage && (
        <Button
          variant="default"
          loading={search.isFetchingNextPage}
          onClick={() => void search.fetchNextPage()}
        >
          {t('outputs.searchOn')}
        </Button>
      )}
    </Stack>
  )
}

function Summary({ pages }: { pages: Search[] }) {
  const { t } = useTranslation()
  const sum = (of: (page: Search) => number) => pages.reduce((total, page) => total + of(page), 0)
  const targets = new Set(pages.flatMap((page) => page.found.map(({ result_id }) => result_id))).size
  const unsearched = pages.flatMap((page) => page.unsearched)
  return (
    <div role="status">
      <Text size="sm" fw={550}>
        {t('outputs.found', { lines: sum((page) => page.lines_found).toLocaleString(), targets })}
      </Text>
      <Text size="xs" c="dimmed">
        {t('outputs.searched', {
          searched: sum((page) => page.searched_targets),
          total: pages[0]?.total_targets ?? 0,
        })}
      </Text>
      {unsearched.length > 0 && (
        <Text size="xs" c="dimmed">
          {t('outputs.tooLong', { names: unsearched.join(', ') })}
        </Text>
      )}
    </div>
  )
}

interface FoundCardProps {
  executionId: string
  found: Found
  /** The words to mark; none for a regular expression, which the browser may read in another way. */
  marked: string
}

function FoundCard({ executionId, found, marked }: FoundCardProps) {
  const { t } = useTranslation()
  const more = found.count - found.matches.length
  return (
    <section className={classes.group} aria-label={found.target_name}>
      <div className={classes.groupHead}>
        <strong>
          <TextLink
            to="/executions/$executionId"
            params={{ executionId }}
            search={{ result: found.result_id }}
          >
            {found.target_name}
          </TextLink>
        </strong>
        <StatusBadge status={found.status} plain />
        <Text span size="xs" c="dimmed">
          {t(found.stream === 'stdout' ? 'executions.stdout' : 'executions.stderr')}
        </Text>
        <Text span size="xs" c="dimmed">
          {t('outputs.lines', { count: found.count, shown: found.count.toLocaleString() })}
        </Text>
      </div>
      {found.matches.map((match) => (
        <pre key={match.number} className={classes.found}>
          <Around from={match.number - match.before.length} lines={match.before} />
          <div>
            <span className={classes.foundNumber}>{match.number}</span>
            <Highlight inherit component="span" highlight={marked}>
              {match.cut ? `${match.text}…` : match.text}
            </Highlight>
          </div>
          <Around from={match.number + 1} lines={match.after} />
        </pre>
      ))}
      {more > 0 && (
        <Text size="xs" c="dimmed">
          {t('outputs.moreLines', { count: more })}
        </Text>
      )}
    </section>
  )
}

function Around({ from, lines }: { from: number; lines: string[] }) {
  return lines.map((line, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and never change places
    <div key={index} className={classes.around}>
      <span className={classes.foundNumber}>{from + index}</span>
      {line}
    </div>
  ))
}
