/** What a list shows when there is nothing to list: why, and what to do next. */
import { Button, Code, Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { ApiError } from '@/api/errors'
import { CopyText } from './CopyText'
import { errorText } from './errorText'
import { type Icon, LockIcon, RefreshIcon, SearchIcon, WarningIcon } from './icons'
import classes from './states.module.css'

interface StateProps {
  icon: Icon
  title: string
  hint?: React.ReactNode
  tone?: 'danger'
  compact?: boolean
  /** 1 where this is all there is on the page. */
  level?: 1 | 2
  children?: React.ReactNode
}

export function EmptyState({ icon: Shape, title, hint, tone, compact, level = 2, children }: StateProps) {
  return (
    <div className={classes.state} data-compact={compact || undefined} role={tone ? 'alert' : undefined}>
      <div className={classes.icon} data-tone={tone}>
        <Shape size={20} />
      </div>
      <Title order={level} size="h2">
        {title}
      </Title>
      {hint && (
        <Text c="dimmed" size="sm" maw={460}>
          {hint}
        </Text>
      )}
      {children && <div className={classes.actions}>{children}</div>}
    </div>
  )
}

export function NoMatch({ onClear }: { onClear: () => void }) {
  const { t } = useTranslation()
  return (
    <EmptyState icon={SearchIcon} title={t('list.noMatch')} hint={t('list.noMatchHint')}>
      <Button variant="default" onClick={onClear}>
        {t('list.clearFilters')}
      </Button>
    </EmptyState>
  )
}

interface ErrorStateProps {
  error: unknown
  onRetry?: () => void
  compact?: boolean
  level?: 1 | 2
}

export function ErrorState({ error, onRetry, compact, level }: ErrorStateProps) {
  const { t } = useTranslation()
  const forbidden = error instanceof ApiError && error.status === 403
  const requestId = error instanceof ApiError ? error.requestId : undefined
  return (
    <EmptyState
      icon={forbidden ? LockIcon : WarningIcon}
      tone="danger"
      title={forbidden ? t('errors.forbidden') : t('errors.title')}
      hint={errorText(error)}
      compact={compact}
      level={level}
    >
      {onRetry && !forbidden && (
        <Button variant="default" leftSection={<RefreshIcon />} onClick={onRetry}>
          {t('common.retry')}
        </Button>
      )}
      {requestId && (
        <CopyText value={requestId}>
          <Code>{t('errors.request', { id: requestId })}</Code>
        </CopyText>
      )}
    </EmptyState>
  )
}
