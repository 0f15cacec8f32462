/** A hook at the side of the list: where it is, how requests prove themselves, and its secrets. */
import { Button, Skeleton, Stack } from '@mantine/core'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { HookDetail } from '@/api/types'
import { CopyText } from '@/components/CopyText'
import { ask } from '@/components/feedback'
import { TrashIcon } from '@/components/icons'
import { Facts, Section } from '@/components/Page'
import { ShownOnce } from '@/components/ShownOnce'
import { SideDrawer } from '@/components/SideDrawer'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { exampleOf } from './example'
import { ProtectionChoice } from './ProtectionChoice'
import { ProtectionBadge, ServedBy } from './parts'
import { useHook, useIssue, useRemoveHook } from './queries'
import { Secrets } from './Secrets'

export function HookDrawer() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { hookId } = useParams({ from: '/shell/workflows/hooks/$hookId' })
  const filter = useSearch({ from: '/shell/workflows/hooks' })
  const { data: hook, error, refetch } = useHook(hookId)
  const issue = useIssue(hookId)
  const [copied, setCopied] = useState(false)
  const close = () => void navigate({ to: '/workflows/hooks', search: filter })
  const unlessUncopied = (go: () => void) => () => {
    if (!issue.data || copied) return go()
    ask({
      title: t('hooks.leaveTitle'),
      text: t('hooks.leaveText'),
      confirm: t('shownOnce.leave'),
      refuse: t('shownOnce.stay'),
      onConfirm: go,
    })
  }
  const issueAnother = (grace: number) => {
    setCopied(false)
    issue.mutate(grace)
  }
  return (
    <SideDrawer
      title={hook ? `${hook.method} ${hook.path}` : t('common.loading')}
      onClose={unlessUncopied(close)}
    >
      {error && <ErrorState error={error} onRetry={refetch} compact />}
      {!hook && !error && <Loading />}
      {hook && issue.data && (
        <ShownOnce
          secret={issue.data.secret}
          label={t(`hooks.protections.${issue.data.protection}.secret`)}
          copyLabel={t('hooks.copySecret')}
          hint={t(issue.data.protection === 'token' ? 'hooks.onceToken' : 'hooks.onceKey')}
          example={exampleOf(hook, issue.data.protection)}
          exampleHint={t(issue.data.protection === 'github' ? 'hooks.tryGithub' : 'hooks.tryHint')}
          onCopied={() => setCopied(true)}
          onDone={unlessUncopied(issue.reset)}
        />
      )}
      {hook && !issue.data && (
        <Whole hook={hook} onIssue={issueAnother} issuing={issue.isPending} onRemoved={close} />
      )}
    </SideDrawer>
  )
}

function Loading() {
  return (
    <Stack>
      <Skeleton height={96} />
      <Skeleton height={52} />
      <Skeleton height={96} />
    </Stack>
  )
}

interface WholeProps {
  hook: HookDetail
  onIssue: (grace: number) => void
  issuing: boolean
  onRemoved: () => void
}

function Whole({ hook, onIssue, issuing, onRemoved }: WholeProps) {
  const { t } = useTranslation()
  const mayWrite = useCan()('hooks.write')
  return (
    <Stack gap="lg">
      <Where hook={hook} />
      <Section title={t('hooks.howProven')}>
        {mayWrite ? <ProtectionChoice hook={hook} /> : <ProtectionBadge hook={hook} />}
      </Section>
      {(hook.issued.length > 0 || (hook.protection !== null && hook.protection !== 'open')) && (
        <Section title={t('hooks.secrets')}>
          <Secrets hook={hook} onIssue={onIssue} issuing={issuing} />
        </Section>
      )}
      {mayWrite && !hook.served && <RemoveButton hook={hook} onRemoved={onRemoved} />}
    </Stack>
  )
}

function Where({ hook }: { hook: HookDetail }) {
  const { t } = useTranslation()
  return (
    <Facts
      rows={[
        [
          t('hooks.url'),
          <CopyText key="url" value={hook.url}>
            <code style={{ overflowWrap: 'anywhere' }}>{hook.url}</code>
          </CopyText>,
        ],
        [t('hooks.flow'), <ServedBy key="flow" hook={hook} />],
        [t('hooks.node'), hook.node_name],
        [t('hooks.runAs'), hook.run_as],
        [t('hooks.lastUsed'), <Time key="used" at={hook.last_used_at} />],
        [t('hooks.lastRefused'), hook.last_refused_at && <Refused key="refused" hook={hook} />],
      ]}
    />
  )
}

const reasons = [
  'unprotected',
  'nothing_shown',
  'wrong_secret',
  'not_in_time',
  'no_delivery_id',
  'replayed',
] as const

/** A reason that this app does not know is shown in the API's own word. */
function Refused({ hook: { last_refused_at, last_refusal } }: { hook: HookDetail }) {
  const { t } = useTranslation()
  const known = reasons.find((reason) => reason === last_refusal)
  return (
    <>
      <Time at={last_refused_at} />
      {last_refusal && `: ${known ? t(`hooks.refusals.${known}`) : last_refusal}`}
    </>
  )
}

function RemoveButton({ hook, onRemoved }: { hook: HookDetail; onRemoved: () => void }) {
  const { t } = useTranslation()
  const remove = useRemoveHook(hook, onRemoved)
  return (
    <Button
      variant="default"
      c="red"
      leftSection={<TrashIcon />}
      loading={remove.isPending}
      style={{ alignSelf: 'flex-start' }}
      onClick={() =>
        ask({
          title: t('hooks.removeTitle', { path: hook.path }),
          text: t('hooks.removeText'),
          confirm: t('common.delete'),
          onConfirm: () => remove.mutate(),
        })
      }
    >
      {t('hooks.remove')}
    </Button>
  )
}
