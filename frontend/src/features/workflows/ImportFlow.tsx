/** The way of a file into the editor: chosen, looked at, and then imported as a tab that is switched off. */
import { Alert, Button, FileButton, Group, Skeleton, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowDocument, Imported } from '@/api/types'
import { UploadIcon, WarningIcon } from '@/components/icons'
import { SideDrawer } from '@/components/SideDrawer'
import { ErrorState } from '@/components/states'
import { useCan } from '@/features/auth/session'
import { documentIn, LARGEST } from './document'
import { ImportedFlow, ImportPreviewed } from './ImportPreviewed'
import { useImportPreview } from './queries'

export function ImportFlow() {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  if (!useCan()('workflows.edit')) return null
  return (
    <>
      <Button size="xs" variant="default" leftSection={<UploadIcon />} onClick={() => setOpen(true)}>
        {t('workflows.import')}
      </Button>
      {open && (
        <SideDrawer title={t('workflows.importTitle')} onClose={() => setOpen(false)}>
          <Steps />
        </SideDrawer>
      )}
    </>
  )
}

function Steps() {
  const [document, setDocument] = useState<FlowDocument>()
  const [done, setDone] = useState<Imported>()
  if (done)
    return (
      <ImportedFlow
        imported={done}
        onAnother={() => {
          setDone(undefined)
          setDocument(undefined)
        }}
      />
    )
  return (
    <Stack gap="md">
      <FileChoice chosen={document !== undefined} onDocument={setDocument} />
      {document && <Preview document={document} onDone={setDone} />}
    </Stack>
  )
}

interface FileChoiceProps {
  chosen: boolean
  onDocument: (document: FlowDocument | undefined) => void
}

function FileChoice({ chosen, onDocument }: FileChoiceProps) {
  const { t } = useTranslation()
  const [problem, setProblem] = useState<string>()
  const read = async (file: File | null) => {
    if (!file) return
    const found = file.size > LARGEST ? null : documentIn(await file.text())
    const why = file.size > LARGEST ? 'workflows.tooLarge' : 'workflows.noFlow'
    setProblem(found ? undefined : t(why, { file: file.name }))
    onDocument(found ?? undefined)
  }
  return (
    <>
      <Text size="sm" c="dimmed">
        {t('workflows.importHint')}
      </Text>
      <Group>
        <FileButton accept="application/json,.json" onChange={(file) => void read(file)}>
          {(props) => (
            <Button variant={chosen ? 'default' : 'filled'} leftSection={<UploadIcon />} {...props}>
              {chosen ? t('workflows.otherFile') : t('workflows.chooseFile')}
            </Button>
          )}
        </FileButton>
      </Group>
      {problem && (
        <Alert color="red" icon={<WarningIcon />} role="alert">
          {problem}
        </Alert>
      )}
    </>
  )
}

function Preview({ document, onDone }: { document: FlowDocument; onDone: (imported: Imported) => void }) {
  const { data, error, refetch } = useImportPreview(document)
  if (error && !data) return <ErrorState error={error} onRetry={refetch} compact />
  if (!data) return <Skeleton height={200} aria-busy="true" />
  return <ImportPreviewed document={document} preview={data} onDone={onDone} />
}
