/** The drawer in which a token is made, and shown for the only time. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ask } from '@/components/feedback'
import { SideDrawer } from '@/components/SideDrawer'
import { NewTokenForm } from './NewTokenForm'
import { useMakeToken } from './queries'
import { ShownOnce } from './ShownOnce'

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
      confirm: t('workflowTokens.leave'),
      refuse: t('workflowTokens.keepOpen'),
      onConfirm: close,
    })
  }
  return (
    <SideDrawer
      title={make.data ? t('workflowTokens.made', { name: make.data.name }) : t('workflowTokens.addTitle')}
      onClose={closeOrAsk}
    >
      {make.data ? (
        <ShownOnce made={make.data} onCopied={() => setCopied(true)} onDone={closeOrAsk} />
      ) : (
        <NewTokenForm make={make} onCancel={close} />
      )}
    </SideDrawer>
  )
}
