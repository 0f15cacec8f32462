/** The drawer in which a token is made, and shown for the only time. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { MadeWorkflowToken } from '@/api/types'
import { ask } from '@/components/feedback'
import { ShownOnce } from '@/components/ShownOnce'
import { SideDrawer } from '@/components/SideDrawer'
import { NewTokenForm } from './NewTokenForm'
import { useMakeToken } from './queries'

export function NewTokenDrawer() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const filter = useSearch({ from: '/shell/workflows/tokens' })
  const make = useMakeToken()
  const [copied, setCopied] = useState(false)
  const close = () => void navigate({ to: '/workflows/tokens', search: filter })
  const closeOrAsk = () => {
    if (!make.data || copied) return close()
    ask({
      title: t('workflowTokens.leaveTitle'),
      text: t('workflowTokens.leaveText'),
      confirm: t('shownOnce.leave'),
      refuse: t('shownOnce.stay'),
      onConfirm: close,
    })
  }
  return (
    <SideDrawer
      title={make.data ? t('workflowTokens.made', { name: make.data.name }) : t('workflowTokens.addTitle')}
      onClose={closeOrAsk}
    >
      {make.data ? (
        <ShownOnce
          secret={make.data.token}
          label={t('workflowTokens.token')}
          copyLabel={t('workflowTokens.copyToken')}
          hint={t('workflowTokens.onceHint')}
          example={exampleOf(make.data, window.location.origin)}
          exampleHint={t('workflowTokens.tryItHint')}
          onCopied={() => setCopied(true)}
          onDone={closeOrAsk}
        />
      ) : (
        <NewTokenForm make={make} onCancel={close} />
      )}
    </SideDrawer>
  )
}

function exampleOf({ flow_id }: MadeWorkflowToken, origin: string): string {
  const flow = flow_id ? ` -H 'X-OpsConductor-Flow: ${flow_id}'` : ''
  return `curl -H "Authorization: Bearer $TOKEN"${flow} ${origin}/api/workflow/targets`
}
