/** One script: its text and settings, to be changed or only read, and its versions. */
import { ActionIcon, Menu, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SavedScript, Script } from '@/api/types'
import { tellDone, tellFailed } from '@/components/feedback'
import { DotsIcon, RunIcon } from '@/components/icons'
import { ButtonLink, TextLink } from '@/components/links'
import { Facts, Page, Section } from '@/components/Page'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { Tags } from '@/features/targets/parts'
import { bytes } from '@/lib/size'
import { CodeView } from './CodeField'
import { DeleteScript } from './DeleteScript'
import type { ScriptView } from './filter'
import { scriptQuery, useScript } from './queries'
import { ScriptForm } from './ScriptForm'
import classes from './scripts.module.css'
import { Versions } from './Versions'

export function ScriptPage() {
  const { t } = useTranslation()
  const { scriptId } = useParams({ from: '/shell/scripts/$scriptId' })
  const { data, error, refetch } = useScript(scriptId)
  if (error && !data) return <ErrorState level={1} error={error} onRetry={refetch} />
  return (
    <Page
      title={data?.name ?? t('common.loading')}
      crumb={<TextLink to="/scripts">{t('scripts.title')}</TextLink>}
      beside={data && <Text c="dimmed">{t('scripts.versionNumber', { number: data.version })}</Text>}
      actions={data && <Actions script={data} />}
    >
      {data ? <Views key={data.id} script={data} /> : <Skeleton height={360} aria-busy="true" />}
    </Page>
  )
}

function Actions({ script }: { script: Script }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const can = useCan()
  const { view = 'script' } = useSearch({ from: '/shell/scripts/$scriptId' })
  const show = (next: ScriptView) =>
    void navigate({
      to: '/scripts/$scriptId',
      params: { scriptId: script.id },
      search: next === 'versions' ? { view: next } : {},
    })
  return (
    <>
      <SegmentedControl
        size="xs"
        value={view}
        onChange={(value) => show(value === 'versions' ? 'versions' : 'script')}
        data={[
          { value: 'script', label: t('scripts.views.script') },
          { value: 'versions', label: t('scripts.views.versions') },
        ]}
      />
      {can('executions.run') && (
        <ButtonLink to="/run" search={{ script: script.id }} leftSection={<RunIcon />}>
          {t('scripts.runIt')}
        </ButtonLink>
      )}
      {can('scripts.write') && (
        <Menu>
          <Menu.Target>
            <ActionIcon aria-label={t('scripts.moreActions', { name: script.name })}>
              <DotsIcon />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <DeleteScript
              script={script}
              onDeleted={() => void navigate({ to: '/scripts', ignoreBlocker: true })}
            />
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  )
}

/** Both views stay where they are: a look at the versions does not cost what somebody is writing. */
function Views({ script }: { script: Script }) {
  const { view = 'script' } = useSearch({ from: '/shell/scripts/$scriptId' })
  const mayWrite = useCan()('scripts.write')
  return (
    <>
      <div hidden={view !== 'script'}>{mayWrite ? <Edit script={script} /> : <Read script={script} />}</div>
      {view === 'versions' && <Versions script={script} />}
    </>
  )
}

function Edit({ script }: { script: Script }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  // What the form began with. A version that came meanwhile is not put under somebody's hands.
  const [start, setStart] = useState(script)
  const saved = ({ notes, ...next }: SavedScript) => {
    const words = { name: next.name, version: next.version }
    tellDone(
      t(next.version === start.version ? 'scripts.unchanged' : 'scripts.updated', words),
      notes.join(' '),
    )
    setStart(next)
  }
  const load = async () => {
    try {
      setStart(await queryClient.fetchQuery({ ...scriptQuery(script.id), staleTime: 0 }))
    } catch (error) {
      tellFailed(t('errors.title'), error)
    }
  }
  return (
    <ScriptForm
      key={`${start.version} ${start.updated_at}`}
      script={start}
      onOvertaken={script.version > start.version ? () => setStart(script) : undefined}
      onDone={saved}
      onCancel={() => void navigate({ to: '/scripts' })}
      onDiscard={() => void load()}
    />
  )
}

function Read({ script }: { script: Script }) {
  const { t } = useTranslation()
  return (
    <div className={classes.columns}>
      <div>
        <CodeView label={t('scripts.content')} value={script.content} />
        <Section title={t('parameters.title')}>
          <Parameters script={script} />
        </Section>
      </div>
      <Stack gap="md" className={classes.side}>
        <Facts
          rows={[
            [t('scripts.description'), script.description],
            [t('scripts.interpreter'), <code key="interpreter">{script.interpreter}</code>],
            [t('scripts.systems'), script.os_types.map((os) => t(`targets.oses.${os}`)).join(', ')],
            [t('scripts.tags'), script.tags.length > 0 && <Tags key="tags" tags={script.tags} />],
            [t('scripts.timeout'), String(script.timeout)],
            [t('scripts.size'), bytes(script.size)],
            [t('scripts.changed'), <Changed key="changed" script={script} />],
          ]}
        />
        <Text size="xs" c="dimmed">
          {t('scripts.readOnly')}
        </Text>
      </Stack>
    </div>
  )
}

function Changed({ script }: { script: Script }) {
  const { t } = useTranslation()
  return (
    <>
      <Time at={script.updated_at} /> {t('scripts.by', { name: script.author_name })}
    </>
  )
}

function Parameters({ script }: { script: Script }) {
  const { t } = useTranslation()
  if (script.parameters.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('parameters.none')}
      </Text>
    )
  return (
    <Facts
      rows={script.parameters.map((each) => [
        each.name,
        [t(`parameters.types.${each.type}`), each.label, each.help].filter(Boolean).join(' · '),
      ])}
    />
  )
}
