/** Picks the target that another one is reached through; the API searches, as there may be thousands. */
import { Group, Select, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { rowsOf } from '@/api/paging'
import type { Target } from '@/api/types'
import { Address } from './parts'
import { useTargetList } from './queries'

type JumpHost = Target['route'][number]

interface JumpHostPickerProps {
  value: string | null
  onChange: (id: string | null) => void
  target: Target | undefined
  error?: React.ReactNode
}

export function JumpHostPicker({ value, onChange, target, error }: JumpHostPickerProps) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<JumpHost | undefined>(target?.route.at(-1))
  const [search, setSearch] = useState(chosen?.name ?? '')
  const hosts = useJumpHosts(search, chosen, target?.id)
  const choose = (id: string | null) => {
    setChosen(hosts.find((host) => host.id === id))
    onChange(id)
  }
  return (
    <Select
      label={t('targets.jumpHost')}
      description={t('targets.jumpHostHint')}
      placeholder={t('targets.jumpHostNone')}
      searchable
      clearable
      searchValue={search}
      onSearchChange={setSearch}
      filter={({ options }) => options}
      nothingFoundMessage={t('targets.jumpHostNotFound')}
      data={hosts.map(({ id, name }) => ({ value: id, label: name }))}
      renderOption={({ option }) => <Option host={hosts.find(({ id }) => id === option.value)} />}
      value={value}
      onChange={choose}
      error={error}
    />
  )
}

/** Those that match, and the chosen one, whose name stands in the field. */
function useJumpHosts(search: string, chosen: JumpHost | undefined, except: string | undefined): JumpHost[] {
  const [settled] = useDebouncedValue(search.trim(), 200)
  // With the chosen one's name in the field nothing is being searched for: offer the others, too.
  const list = useTargetList(settled && settled !== chosen?.name ? { q: settled } : {})
  const usable = rowsOf(list.data)?.filter(({ id, credential_id }) => credential_id && id !== except) ?? []
  const others = usable.filter(({ id }) => id !== chosen?.id)
  return chosen ? [chosen, ...others] : others
}

function Option({ host }: { host: JumpHost | undefined }) {
  if (!host) return null
  return (
    <Group gap="xs" wrap="nowrap" justify="space-between" flex={1}>
      <Text span size="sm">
        {host.name}
      </Text>
      <Address target={host} />
    </Group>
  )
}
