/** What is shown in place of a page: while it is loaded, when it failed, and when there is none. */
import { Button, Center, Code, Loader } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { isApiError } from '@/api/errors'
import { LockIcon, RefreshIcon, SearchIcon, WarningIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { EmptyState, ErrorState } from '@/components/states'
import { useAccount } from '@/features/auth/session'

export function Pending() {
  const { t } = useTranslation()
  return (
    <Center mih={240}>
      <Loader size="sm" aria-label={t('common.loading')} />
    </Center>
  )
}

export function NotFoundPage() {
  const { t } = useTranslation()
  useDocumentTitle(`${t('nav.notFound')} · ${t('common.product')}`)
  return (
    <EmptyState level={1} icon={SearchIcon} title={t('nav.notFound')} hint={t('nav.notFoundHint')}>
      <ButtonLink to="/" variant="default">
        {t('nav.toOverview')}
      </ButtonLink>
    </EmptyState>
  )
}

export function Forbidden() {
  const { t } = useTranslation()
  const role = useAccount()?.role
  useDocumentTitle(`${t('errors.forbidden')} · ${t('common.product')}`)
  return (
    <EmptyState
      level={1}
      icon={LockIcon}
      tone="danger"
      title={t('errors.forbidden')}
      hint={role && t('errors.forbiddenHint', { role: t(`nav.roles.${role}`) })}
    />
  )
}

export function PageError({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation()
  const router = useRouter()
  useDocumentTitle(`${t('errors.title')} · ${t('common.product')}`)
  const again = () => {
    reset()
    void router.invalidate()
  }
  if (isApiError(error)) return <ErrorState level={1} error={error} onRetry={again} />
  return (
    <EmptyState
      level={1}
      icon={WarningIcon}
      tone="danger"
      title={t('errors.page')}
      hint={t('errors.pageHint')}
    >
      <Button variant="default" leftSection={<RefreshIcon />} onClick={() => window.location.reload()}>
        {t('common.retry')}
      </Button>
      {error instanceof Error && error.message && <Code>{error.message}</Code>}
    </EmptyState>
  )
}
