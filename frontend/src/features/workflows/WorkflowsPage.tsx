/** Node-RED's editor, and the list of what is deployed in it. */
import { SegmentedControl, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { ExternalIcon } from '@/components/icons'
import { useCan } from '@/features/auth/session'
import { useIsPhone } from '@/lib/useIsPhone'
import { BoxHint, BoxWarning } from './Box'
import { DeployedFlows } from './DeployedFlows'
import { Deploys } from './Deploys'
import { Editor } from './Editor'
import { ImportFlow } from './ImportFlow'
import { EDITOR } from './queries'
import { editorAt, type WorkflowsView } from './search'
import classes from './workflows.module.css'

export function WorkflowsPage() {
  const { t } = useTranslation()
  // Node-RED's editor needs room; on a phone what is deployed is of more use.
  const usual: WorkflowsView = useIsPhone() ? 'deployed' : 'editor'
  const { view = usual, ...place } = useSearch({ from: '/shell/workflows' })
  const address = editorAt(EDITOR, place)
  useDocumentTitle(`${t('workflows.title')} · ${t('common.product')}`)
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <Title order={1}>{t('workflows.title')}</Title>
        <ViewChoice view={view} />
        <ReadOnlyHint />
        <BoxHint />
        {view === 'deployed' && <ImportFlow />}
        <a className={classes.alone} href={address} target="_blank" rel="noopener">
          <ExternalIcon size={14} />
          {t('workflows.openAlone')}
        </a>
      </header>
      <BoxWarning />
      {view === 'editor' && <Editor address={address} />}
      {view === 'deployed' && <DeployedFlows />}
      {view === 'deploys' && <Deploys />}
    </div>
  )
}

function ViewChoice({ view }: { view: WorkflowsView }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('workflows.view')}
      value={view}
      onChange={(next) => void navigate({ to: '/workflows', search: { view: next as WorkflowsView } })}
      data={[
        { value: 'editor', label: t('workflows.editor') },
        { value: 'deployed', label: t('workflows.deployed') },
        { value: 'deploys', label: t('workflows.deploys') },
      ]}
    />
  )
}

function ReadOnlyHint() {
  const { t } = useTranslation()
  if (useCan()('workflows.edit')) return null
  return (
    <Text size="xs" c="dimmed">
      {t('workflows.readOnly')}
    </Text>
  )
}
