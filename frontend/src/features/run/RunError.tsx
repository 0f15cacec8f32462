import { Alert, Button, Stack } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { ApiError, isApiError } from '@/api/errors'
import { errorText } from '@/components/errorText'
import { BanIcon, RefreshIcon, WarningIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { Notice } from '@/components/Notice'
import { Override } from './Override'

interface RunErrorProps {
  error: Error | null
  title: string
  onLookAgain?: () => void
  looking?: boolean
  /** Where something was refused as it lies outside of windows: begins it with a reason. */
  onOverride?: (reason: string) => void
  running?: boolean
}

/** Why nothing was started, and what to do about it. */
export function RunError(props: RunErrorProps) {
  const { error, title, onLookAgain, looking, onOverride, running } = props
  const { t } = useTranslation()
  if (!error) return null
  const outdated = isApiError(error, 'preview_outdated')
  const tooMuch = error instanceof ApiError && error.status === 429
  if (isApiError(error, 'outside_window') && onOverride)
    return (
      <Notice tone="danger" icon={BanIcon} title={t('run.outsideTitle')} role="alert">
        <Stack gap="xs">
          {errorText(error)}
          <Override onBegin={onOverride} running={running} />
        </Stack>
      </Notice>
    )
  if (!outdated && !tooMuch)
    return (
      <Alert color="red" icon={<WarningIcon />} title={title} role="alert">
        {errorText(error)}
      </Alert>
    )
  return (
    <Notice
      tone="warning"
      icon={WarningIcon}
      title={outdated ? t('run.outdated') : t('run.tooMuch')}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        {errorText(error)}
        {tooMuch && (
          <ButtonLink to="/executions" search={{ status: 'running' }} size="compact-sm" variant="default">
            {t('run.seeRunning')}
          </ButtonLink>
        )}
        {outdated && onLookAgain && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<RefreshIcon size={14} />}
            loading={looking}
            onClick={onLookAgain}
          >
            {t('run.previewAgain')}
          </Button>
        )}
      </Stack>
    </Notice>
  )
}
