/** What an import would bring and what is in its way; and what became of it. */
import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowDocument, Imported, ImportPreview } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { CheckIcon, WarningIcon } from '@/components/icons'
import { Facts } from '@/components/Page'
import { shortId } from '@/lib/text'
import { OpenInEditor } from './OpenInEditor'
import { useImportFlow } from './queries'

interface PreviewedProps {
  document: FlowDocument
  preview: ImportPreview
  onDone: (imported: Imported) => void
}

export function ImportPreviewed({ document, preview, onDone }: PreviewedProps) {
  const { t } = useTranslation()
  const [name, setName] = useState(preview.name)
  const take = useImportFlow()
  const send = () =>
    take.mutate(
      { document, name: name.trim() || null },
      { onSuccess: onDone, onError: (error) => tellFailed(t('workflows.importTitle'), error) },
    )
  return (
    <Stack gap="md">
      <TextInput
        label={t('workflows.importName')}
        maxLength={255}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Facts
        rows={[
          [t('workflows.comes'), t('workflows.comesNodes', { count: preview.nodes })],
          [t('workflows.subflows'), preview.subflows.join(', ')],
          [t('workflows.configNodes'), preview.config_nodes.join(', ')],
          [t('workflows.groups'), preview.groups || null],
          [t('workflows.shared'), preview.shared.join(', ')],
          [t('workflows.refersTo'), preview.refers_to.map((thing) => thing.name).join(', ')],
        ]}
      />
      <MissingThings missing={preview.missing} />
      <Conflicts preview={preview} />
      <Refusals preview={preview} />
      <Group justify="flex-end">
        <Button disabled={!preview.acceptable} loading={take.isPending} onClick={send}>
          {t('workflows.importIt')}
        </Button>
      </Group>
    </Stack>
  )
}

function MissingThings({ missing }: Pick<ImportPreview, 'missing'>) {
  const { t } = useTranslation()
  if (missing.length === 0) return null
  return (
    <Alert color="yellow" icon={<WarningIcon />} title={t('workflows.missing')}>
      <Lines
        lines={missing.map(
          ({ kind, id, name }) => `${t(`workflows.things.${kind ?? 'unknown'}`)}: ${name || shortId(id)}`,
        )}
      />
      <Text size="xs" mt={4}>
        {t('workflows.missingHint')}
      </Text>
    </Alert>
  )
}

function Conflicts({ preview: { conflicts } }: { preview: ImportPreview }) {
  const { t } = useTranslation()
  if (conflicts.length === 0) return null
  return (
    <Alert color="yellow" icon={<WarningIcon />} title={t('workflows.inTheWay')}>
      <Lines lines={conflicts.map(({ kind, detail }) => t(`workflows.conflict.${kind}`, { detail }))} />
    </Alert>
  )
}

/** What keeps it from being imported at all. */
function Refusals({ preview: { secrets, unknown_types } }: { preview: ImportPreview }) {
  const { t } = useTranslation()
  return (
    <>
      {secrets.length > 0 && (
        <Alert color="red" icon={<WarningIcon />} title={t('workflows.secretsFound')}>
          <Lines
            lines={secrets.map(({ node_name, node_type, field, kind }) =>
              t('workflows.secretAt', { node: node_name || node_type, field, kind }),
            )}
          />
          <Text size="xs" mt={4}>
            {t('workflows.secretsHint')}
          </Text>
        </Alert>
      )}
      {unknown_types.length > 0 && (
        <Alert color="red" icon={<WarningIcon />} title={t('workflows.unknownTypes')}>
          {unknown_types.join(', ')}
        </Alert>
      )}
    </>
  )
}

function Lines({ lines }: { lines: string[] }) {
  return (
    <Stack gap={2} component="ul" m={0} pl="md" fz="sm" style={{ overflowWrap: 'anywhere' }}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </Stack>
  )
}

export function ImportedFlow({ imported, onAnother }: { imported: Imported; onAnother: () => void }) {
  const { t } = useTranslation()
  return (
    <Stack gap="md">
      <Alert
        color="brand"
        icon={<CheckIcon />}
        title={t('workflows.imported', { name: imported.name })}
        role="status"
      >
        {t('workflows.importedHint')}
      </Alert>
      <MissingThings missing={imported.missing} />
      <Group>
        <OpenInEditor flow={imported.flow_id} />
        <Button variant="subtle" onClick={onAnother}>
          {t('workflows.importAnother')}
        </Button>
      </Group>
    </Stack>
  )
}
