/** Chooses what a result is compared with: another target of the execution, or an earlier run on the same one. */
import { Button, Loader, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '@/api/keys'
import type { Execution, Result } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { CompareIcon } from '@/components/icons'
import { Time } from '@/components/Time'
import { fetchResults, resultOn, useRecentExecutions } from './queries'

interface CompareWithProps {
  executionId: string
  result: Result
}

const MOST = 8

export function CompareWith({ executionId, result }: CompareWithProps) {
  const { t } = useTranslation()
  const [opened, setOpened] = useState(false)
  const compare = useCompare(executionId, result)
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-start">
      <Menu.Target>
        <Button size="compact-xs" variant="default" leftSection={<CompareIcon size={13} />}>
          {t('outputs.compareAnother')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
        {opened && <OtherTargets executionId={executionId} result={result} onChoose={compare} />}
        {opened && <OtherRuns executionId={executionId} result={result} onChoose={compare} />}
      </Menu.Dropdown>
    </Menu>
  )
}

function useCompare(executionId: string, result: Result): (other: string, first: boolean) => void {
  const navigate = useNavigate()
  const view = useSearch({ from: '/shell/executions/$executionId' })
  return (other, first) =>
    void navigate({
      to: '/executions/$executionId',
      params: { executionId },
      search: { ...view, left: first ? other : result.id, right: first ? result.id : other },
      replace: true,
      resetScroll: false,
    })
}

interface ChoiceProps extends CompareWithProps {
  onChoose: (other: string, first: boolean) => void
}

function OtherTargets({ executionId, result, onChoose }: ChoiceProps) {
  const { t } = useTranslation()
  const { data } = useQuery({
    queryKey: keys.results(executionId, { compare: true }),
    queryFn: ({ signal }) => fetchResults(executionId, { limit: MOST + 1 }, signal),
  })
  const others = data?.items.filter(({ id }) => id !== result.id).slice(0, MOST) ?? []
  return (
    <>
      <Menu.Label>{t('outputs.anotherTarget')}</Menu.Label>
      {others.map(({ id, target_name }) => (
        <Menu.Item key={id} onClick={() => onChoose(id, false)}>
          {target_name}
        </Menu.Item>
      ))}
      {data ? (
        others.length === 0 && <Menu.Item disabled>{t('outputs.noOther')}</Menu.Item>
      ) : (
        <Loader size="xs" />
      )}
    </>
  )
}

function OtherRuns({ executionId, result, onChoose }: ChoiceProps) {
  const { t } = useTranslation()
  const { data } = useRecentExecutions(MOST + 1, result.target_id)
  const others = data?.items.filter(({ id }) => id !== executionId).slice(0, MOST) ?? []
  const choose = async (execution: Execution) => {
    try {
      const other = await resultOn(execution.id, result.target_id)
      if (!other) throw new Error(t('outputs.noResultThere'))
      onChoose(other.id, execution.created_at < (result.started_at ?? ''))
    } catch (error) {
      tellFailed(t('errors.failed', { what: t('outputs.compare') }), error)
    }
  }
  return (
    <>
      <Menu.Label>{t('outputs.anotherRun')}</Menu.Label>
      {others.map((execution) => (
        <Menu.Item
          key={execution.id}
          onClick={() => void choose(execution)}
          rightSection={<Time at={execution.created_at} c="dimmed" fz="xs" />}
        >
          {execution.name}
        </Menu.Item>
      ))}
      {data ? (
        others.length === 0 && <Menu.Item disabled>{t('outputs.noOther')}</Menu.Item>
      ) : (
        <Loader size="xs" />
      )}
    </>
  )
}
