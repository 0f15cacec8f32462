/** What a deploy was for; whoever may deploy can write it down here, since the editor does not ask. */
import { TextInput, UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Deploy } from '@/api/types'
import { useCan } from '@/features/auth/session'
import { useDescribeDeploy } from './queries'
import classes from './workflows.module.css'

const LONGEST = 1000

export function DeployMessage({ deploy }: { deploy: Deploy }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState<string>()
  const describe = useDescribeDeploy(deploy.number)
  const message = describe.isPending ? describe.variables : deploy.message
  if (!useCan()('workflows.edit')) return message
  if (draft === undefined)
    return (
      <UnstyledButton
        className={classes.message}
        data-empty={!message || undefined}
        aria-label={t('workflows.describe', { number: deploy.number })}
        onClick={() => setDraft(message)}
      >
        {message || t('workflows.noMessage')}
      </UnstyledButton>
    )
  const save = () => {
    if (draft.trim() !== message) describe.mutate(draft.trim())
    setDraft(undefined)
  }
  return (
    <TextInput
      size="xs"
      autoFocus
      maxLength={LONGEST}
      aria-label={t('workflows.describe', { number: deploy.number })}
      value={draft}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter') save()
        if (event.key === 'Escape') setDraft(undefined)
      }}
    />
  )
}
