/** The targets of a calendar by name, and a field that adds one; the API searches, as there may be thousands. */
import { Stack } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { rowsOf } from '@/api/paging'
import { Picker } from '@/components/Picker'
import { ChosenTargets } from '@/features/run/ChosenTargets'
import { useTargetList } from '@/features/targets/queries'

interface PickedTargetsProps {
  ids: string[]
  onChange: (ids: string[]) => void
  error: React.ReactNode
}

export function PickedTargets({ ids, onChange, error }: PickedTargetsProps) {
  const { t } = useTranslation()
  const known = rowsOf(useTargetList({}).data)
  const useFound = (text: string) =>
    (rowsOf(useTargetList(text ? { q: text } : {}).data) ?? []).filter(({ id }) => !ids.includes(id))
  return (
    <Stack gap="xs">
      <ChosenTargets ids={ids} known={known} onChange={onChange} />
      <Picker
        label={t('calendars.pick')}
        nothingFoundMessage={t('calendars.pickNone')}
        value={null}
        onChange={(id) => id && onChange([...ids, id])}
        useFound={useFound}
        useOne={() => undefined}
        error={error}
      />
    </Stack>
  )
}
