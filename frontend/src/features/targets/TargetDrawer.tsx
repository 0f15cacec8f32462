/** One target at the side of the list: what it is, whether it answers, what ran on it. */
import { Button, Group, Menu, Skeleton, Stack, Text } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Target } from '@/api/types'
import { ask, tellDone, tellFailed } from '@/components/feedback'
import { DotsIcon, EditIcon, PlugIcon, RunIcon, TrashIcon, WarningIcon } from '@/components/icons'
import { ButtonLink, MenuLink } from '@/components/links'
import { Facts, Section } from '@/components/Page'
import { SideDrawer } from '@/components/SideDrawer'
import { ToneBadge } from '@/components/Status'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { RecentExecutions } from '@/features/executions/RecentExecutions'
import { ConnectionTest } from './ConnectionTest'
import { HostKey } from './HostKey'
import { Address, LastTest, Tags, TargetStatusBadge } from './parts'
import { useDeleteTarget, useTarget, useTestTarget } from './queries'
import { Route } from './Route'
import { Windows } from './Windows'

export function TargetDrawer() {
  const { targetId } = useParams({ from: '/shell/targets/$targetId' })
  const navigate = useNavigate()
  const close = () => void navigate({ to: '/targets', search: true })
  const { data, error, refetch } = useTarget(targetId)
  return (
    <SideDrawer title={data?.name ?? ''} size={600} onClose={close}>
      {error && !data && <ErrorState error={error} onRetry={refetch} />}
      {!data && !error && (
        <Stack>
          <Skeleton height={36} />
          <Skeleton height={140} />
          <Skeleton height={90} />
        </Stack>
      )}
      {data && <TargetDetails target={data} onDeleted={close} key={data.id} />}
    </SideDrawer>
  )
}

function TargetDetails({ target, onDeleted }: { target: Target; onDeleted: () => void }) {
  const { t } = useTranslation()
  const can = useCan()
  const test = useTestTarget(target.id)
  return (
    <Stack gap="md">
      <Group gap="xs">
        {can('executions.run') && (
          <ButtonLink to="/run" state={{ targetIds: [target.id] }} leftSection={<RunIcon />}>
            {t('targets.runOn')}
          </ButtonLink>
        )}
        {can('targets.test') && (
          <Button
            variant="default"
            leftSection={<PlugIcon />}
            loading={test.isPending}
            onClick={() => test.mutate(undefined)}
          >
            {t('targets.test')}
          </Button>
        )}
        {can('targets.write') && <MoreActions target={target} onDeleted={onDeleted} />}
      </Group>
      <ConnectionTest target={target} test={test} />
      <TargetFacts target={target} />
      <div>
        <HostKey target={target} />
        <Windows targetId={target.id} />
        <Section title={t('targets.recent')}>
          <RecentExecutions targetId={target.id} empty={t('targets.noRecent')} />
        </Section>
      </div>
    </Stack>
  )
}

function TargetFacts({ target }: { target: Target }) {
  const { t } = useTranslation()
  return (
    <Facts
      rows={[
        [t('targets.status'), <TargetStatusBadge key="status" status={target.status} />],
        [t('targets.address'), <Address key="address" target={target} />],
        [t('targets.route'), target.route.length ? <Route key="route" target={target} /> : null],
        [
          t('targets.algorithms'),
          target.legacy_algorithms ? (
            <ToneBadge key="legacy" tone="warning" icon={WarningIcon} plain>
              {t('targets.legacyAllowed')}
            </ToneBadge>
          ) : null,
        ],
        [t('targets.lastTest'), <LastTest key="test" test={target.last_test} />],
        [t('targets.os'), t(`targets.oses.${target.os_type}`)],
        [t('targets.environment'), target.environment],
        [t('targets.credential'), target.credential_name ?? t('targets.credentialNone')],
        [t('common.mostAtOnce'), target.max_parallel === null ? null : String(target.max_parallel)],
        [t('targets.tags'), target.tags.length ? <Tags key="tags" tags={target.tags} /> : null],
        [
          t('targets.description'),
          target.description ? (
            <Text key="text" size="sm" style={{ whiteSpace: 'pre-wrap' }}>
              {target.description}
            </Text>
          ) : null,
        ],
        [t('targets.added'), <Time key="added" at={target.created_at} c="dimmed" />],
        [t('targets.changed'), <Time key="changed" at={target.updated_at} c="dimmed" />],
      ]}
    />
  )
}

function MoreActions({ target, onDeleted }: { target: Target; onDeleted: () => void }) {
  const { t } = useTranslation()
  const { id, name } = target
  const remove = useDeleteTarget()
  const confirmed = () =>
    remove.mutate(id, {
      onSuccess: () => {
        tellDone(t('targets.deleted', { name }))
        onDeleted()
      },
      onError: (error) => tellFailed(t('errors.failed', { what: t('common.delete') }), error),
    })
  return (
    <>
      <ButtonLink
        to="/targets/$targetId/edit"
        params={{ targetId: id }}
        search={true}
        variant="default"
        leftSection={<EditIcon />}
      >
        {t('common.edit')}
      </ButtonLink>
      <Menu>
        <Menu.Target>
          <Button variant="default" px={9} aria-label={t('targets.moreActions', { name })}>
            <DotsIcon />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <MenuLink to="/executions" search={{ target: id }}>
            {t('targets.recent')}
          </MenuLink>
          <Menu.Item
            color="red"
            leftSection={<TrashIcon />}
            onClick={() =>
              ask({
                title: t('targets.deleteTitle', { name }),
                text: t('targets.deleteText'),
                confirm: t('common.delete'),
                onConfirm: confirmed,
              })
            }
          >
            {t('common.delete')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}
