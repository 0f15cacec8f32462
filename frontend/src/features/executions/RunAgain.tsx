/** Runs an ended execution again: on all targets, on some by how it went there, or after a change. */
import { Button, Menu, Stack, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useNavigate } from '@tanstack/react-router'
import i18next from 'i18next'
import { useTranslation } from 'react-i18next'
import { isApiError } from '@/api/errors'
import type { Execution, Rerun } from '@/api/types'
import { ask, tellFailed } from '@/components/feedback'
import { ChevronDownIcon, RefreshIcon } from '@/components/icons'
import { MenuLink } from '@/components/links'
import { Override } from '@/features/run/Override'
import { countOf, type StatusName } from '@/lib/status'
import { useRunAgain } from './steering'
import classes from './steering.module.css'

const FAILED: StatusName[] = ['failed', 'unreachable', 'timed_out']
const UNFINISHED: StatusName[] = ['cancelled', 'skipped']

interface Way {
  name: 'againAll' | 'againFailed' | 'againFrom' | 'againLost' | 'againUnfinished'
  count: number
  wanted: Rerun
}

/** The ways that have any targets. */
function waysOf({ counts, target_count, actions }: Execution): Way[] {
  const ways: Way[] = [
    { name: 'againAll', count: target_count, wanted: {} },
    { name: 'againFailed', count: countOf(counts, FAILED), wanted: { statuses: FAILED } },
    {
      name: 'againFrom',
      count: actions.length > 1 ? countOf(counts, FAILED) : 0,
      wanted: { statuses: FAILED, from_failed_action: true },
    },
    { name: 'againLost', count: countOf(counts, ['lost']), wanted: { statuses: ['lost'] } },
    { name: 'againUnfinished', count: countOf(counts, UNFINISHED), wanted: { statuses: UNFINISHED } },
  ]
  return ways.filter(({ count }) => count > 0)
}

export function RunAgain({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const { run, isPending } = useConfirmedRun(execution.id)
  return (
    <Menu position="bottom-end" width={290}>
      <Menu.Target>
        <Button
          leftSection={<RefreshIcon />}
          rightSection={<ChevronDownIcon size={14} />}
          loading={isPending}
        >
          {t('executions.again')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {waysOf(execution).map(({ name, count, wanted }) => (
          <Menu.Item
            key={name}
            rightSection={<span className={classes.menuCount}>{count}</span>}
            onClick={() => run(wanted)}
          >
            {t(`executions.${name}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <MenuLink to="/run" search={{ again: execution.id }}>
          {t('executions.againChange')}
        </MenuLink>
      </Menu.Dropdown>
    </Menu>
  )
}

/** Says why it is refused, and lets those who may begin it all the same. */
function askWhy(refusal: string, onBegin: (reason: string) => void): void {
  const begin = (reason: string) => {
    modals.close(OUTSIDE)
    onBegin(reason)
  }
  modals.open({
    modalId: OUTSIDE,
    title: i18next.t('run.outsideTitle'),
    children: (
      <Stack gap="sm">
        <Text size="sm">{refusal}</Text>
        <Override onBegin={begin} />
      </Stack>
    ),
    closeButtonProps: { 'aria-label': i18next.t('common.close') },
  })
}

const OUTSIDE = 'outside-window'

/** Asks where the server wants to know it: a lost command may have run already. */
function useConfirmedRun(id: string) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const again = useRunAgain(id)
  const run = (wanted: Rerun) =>
    again.mutate(wanted, {
      onSuccess: ({ id: executionId }) =>
        navigate({ to: '/executions/$executionId', params: { executionId } }),
      onError: (error) => {
        if (isApiError(error, 'outside_window'))
          return askWhy(error.message, (reason) => run({ ...wanted, window_override: { reason } }))
        if (!isApiError(error, 'lost_needs_confirmation'))
          return tellFailed(t('errors.failed', { what: t('executions.again') }), error)
        ask({
          title: t('executions.lostTitle'),
          text: error.message,
          confirm: t('executions.lostConfirm'),
          onConfirm: () => run({ ...wanted, confirm_lost: true }),
        })
      },
    })
  return { run, isPending: again.isPending }
}
