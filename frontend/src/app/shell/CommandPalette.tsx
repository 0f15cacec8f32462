/** Ctrl K: every place, the common deeds, and targets and executions by name. */
import { useDebouncedValue } from '@mantine/hooks'
import { Spotlight } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { ExecutionsIcon, type Icon, PlusIcon, RunIcon, SearchIcon, TargetIcon } from '@/components/icons'
import { useCan } from '@/features/auth/session'
import { useAreas } from './places'

interface Entry {
  id: string
  label: string
  icon: Icon
  open: () => void
}

const SHORTEST_SEARCH = 2 // characters; one alone would find nearly everything
const FOUND = { limit: 6 }

export function CommandPalette() {
  const { t } = useTranslation()
  const [query, setQuery] = useState('')
  const [wanted] = useDebouncedValue(query.trim(), 200)
  const groups: [title: string, entries: Entry[]][] = [
    [t('palette.actions'), matching(useDeeds(), query)],
    [t('palette.pages'), matching(usePages(), query)],
    [t('palette.targets'), useFoundTargets(wanted)],
    [t('palette.executions'), useFoundExecutions(wanted)],
  ]
  const filled = groups.filter(([, entries]) => entries.length > 0)
  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      shortcut="mod + K"
      clearQueryOnClose
      scrollable
      maxHeight={420}
      attributes={{ content: { 'aria-label': t('nav.search') } }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
    >
      <Spotlight.Search
        placeholder={t('palette.placeholder')}
        aria-label={t('palette.placeholder')}
        leftSection={<SearchIcon />}
      />
      <Spotlight.ActionsList>
        {filled.map(([title, entries]) => (
          <Spotlight.ActionsGroup key={title} label={title}>
            {entries.map(({ id, label, icon: Shape, open }) => (
              <Spotlight.Action key={id} label={label} leftSection={<Shape />} onClick={open} />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {filled.length === 0 && <Spotlight.Empty>{t('palette.nothing')}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}

function matching(entries: Entry[], query: string): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return entries.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
}

function usePages(): Entry[] {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return useAreas().flatMap(({ places }) =>
    places.map(({ name, to, icon }) => ({
      id: `page-${name}`,
      label: t(`nav.${name}`),
      icon,
      open: () => void navigate({ to }),
    })),
  )
}

function useDeeds(): Entry[] {
  const { t } = useTranslation()
  const can = useCan()
  const navigate = useNavigate()
  const deeds: (Entry | false)[] = [
    can('executions.run') && {
      id: 'run',
      label: t('palette.runCommand'),
      icon: RunIcon,
      open: () => void navigate({ to: '/run' }),
    },
    can('targets.write') && {
      id: 'add-target',
      label: t('palette.addTarget'),
      icon: PlusIcon,
      open: () => void navigate({ to: '/targets/new' }),
    },
    can('credentials.write') && {
      id: 'add-credential',
      label: t('palette.addCredential'),
      icon: PlusIcon,
      open: () => void navigate({ to: '/credentials/new' }),
    },
    can('users.write') && {
      id: 'add-user',
      label: t('palette.addUser'),
      icon: PlusIcon,
      open: () => void navigate({ to: '/users/new' }),
    },
  ]
  return deeds.filter((deed) => deed !== false)
}

function useFoundTargets(q: string): Entry[] {
  const navigate = useNavigate()
  const found = useQuery({
    queryKey: keys.targetList({ q, ...FOUND, palette: true }),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/targets', { params: { query: { q, ...FOUND } }, signal })),
    enabled: q.length >= SHORTEST_SEARCH,
  })
  return (found.data?.items ?? []).map(({ id, name }) => ({
    id,
    label: name,
    icon: TargetIcon,
    open: () => void navigate({ to: '/targets/$targetId', params: { targetId: id } }),
  }))
}

function useFoundExecutions(q: string): Entry[] {
  const navigate = useNavigate()
  const found = useQuery({
    queryKey: keys.executionList({ q, ...FOUND, palette: true }),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/executions', { params: { query: { q, ...FOUND } }, signal })),
    enabled: q.length >= SHORTEST_SEARCH,
  })
  return (found.data?.items ?? []).map(({ id, name }) => ({
    id,
    label: name,
    icon: ExecutionsIcon,
    open: () => void navigate({ to: '/executions/$executionId', params: { executionId: id } }),
  }))
}
