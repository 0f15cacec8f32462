import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { tellDone } from '@/components/feedback'
import { TextLink } from '@/components/links'
import { Page } from '@/components/Page'
import { EXAMPLE } from './example'
import { ScriptForm } from './ScriptForm'

export function NewScriptPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { example } = useSearch({ from: '/shell/scripts/new' })
  return (
    <Page title={t('scripts.addTitle')} crumb={<TextLink to="/scripts">{t('scripts.title')}</TextLink>}>
      <ScriptForm
        start={example && EXAMPLE}
        onCancel={() => void navigate({ to: '/scripts' })}
        onDone={({ id, name, notes }) => {
          tellDone(t('scripts.created', { name }), notes.join(' '))
          void navigate({ to: '/scripts/$scriptId', params: { scriptId: id }, ignoreBlocker: true })
        }}
      />
    </Page>
  )
}
