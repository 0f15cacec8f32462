/** How the chain of the audit log stands, and whether a walk along it found everything as it was written. */
import { Button, Group, List, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import type { AuditChain, AuditVerdict } from '@/api/types'
import { CopyText } from '@/components/CopyText'
import { errorText } from '@/components/errorText'
import { CheckIcon, DownloadIcon, ShieldIcon, WarningIcon } from '@/components/icons'
import { Notice } from '@/components/Notice'
import { ToneBadge } from '@/components/Status'
import classes from './audit.module.css'

const SHOWN = 5 // findings; the command line has all

export function useVerification() {
  return useMutation({ mutationFn: () => answer(api.GET('/api/v3/audit/verify')) })
}

type Verification = ReturnType<typeof useVerification>

export function ChainActions({ verification }: { verification: Verification }) {
  const { t } = useTranslation()
  return (
    <>
      <Button
        variant="default"
        component="a"
        href="/api/v3/audit/export"
        download
        leftSection={<DownloadIcon />}
      >
        {t('audit.export')}
      </Button>
      <Button
        leftSection={<ShieldIcon />}
        loading={verification.isPending}
        onClick={() => verification.mutate()}
      >
        {t('audit.verify')}
      </Button>
    </>
  )
}

export function ChainStanding({ verification: { data, error } }: { verification: Verification }) {
  const chain = useQuery({
    queryKey: keys.auditChain,
    queryFn: ({ signal }) => answer(api.GET('/api/v3/audit/chain', { signal })),
  })
  const failure = error ?? chain.error
  if (failure) return <Failed error={failure} />
  if (data && !data.intact) return <Broken verdict={data} />
  if (!chain.data?.position) return null
  return (
    <div className={classes.chain} role="status">
      {data ? <Intact verdict={data} /> : <Unverified chain={chain.data} />}
      {!chain.data.protected && <Unprotected />}
    </div>
  )
}

function Failed({ error }: { error: unknown }) {
  const { t } = useTranslation()
  return (
    <div className={classes.chain}>
      <Notice tone="danger" icon={WarningIcon} title={t('audit.notVerified')} role="alert">
        {errorText(error)}
      </Notice>
    </div>
  )
}

function Unprotected() {
  const { t } = useTranslation()
  return (
    <Text size="xs" c="dimmed">
      {t('audit.unprotected')}
    </Text>
  )
}

function Unverified({ chain }: { chain: AuditChain }) {
  const { t } = useTranslation()
  return (
    <Text size="sm" c="dimmed">
      {t('audit.chained', { count: chain.position })}
    </Text>
  )
}

function Intact({ verdict }: { verdict: AuditVerdict }) {
  const { t } = useTranslation()
  return (
    <Group gap="xs">
      <ToneBadge tone="success" icon={CheckIcon} plain>
        {t('audit.intact', { count: verdict.entries })}
      </ToneBadge>
      <CopyText value={`${verdict.position}:${verdict.hash}`}>
        <Text span size="xs" c="dimmed">
          {t('audit.head')} <code>{`${verdict.position}:${verdict.hash.slice(0, 12)}…`}</code>
        </Text>
      </CopyText>
    </Group>
  )
}

function Broken({ verdict: { findings } }: { verdict: AuditVerdict }) {
  const { t } = useTranslation()
  return (
    <div className={classes.chain}>
      <Notice tone="danger" icon={WarningIcon} title={t('audit.broken')} role="alert">
        <List size="sm">
          {findings.slice(0, SHOWN).map((finding) => (
            <List.Item key={`${finding.kind} ${finding.detail}`}>{finding.detail}</List.Item>
          ))}
        </List>
        {findings.length > SHOWN && t('audit.moreFindings', { count: findings.length - SHOWN })}
      </Notice>
    </div>
  )
}
