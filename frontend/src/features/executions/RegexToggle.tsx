import { ActionIcon, Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'

interface RegexToggleProps {
  value: boolean
  onChange: (regex: boolean) => void
}

/** Whether words are taken as a regular expression. */
export function RegexToggle({ value, onChange }: RegexToggleProps) {
  const { t } = useTranslation()
  return (
    <Tooltip label={t('outputs.regex')}>
      <ActionIcon
        size="sm"
        variant={value ? 'light' : 'subtle'}
        color={value ? 'brand' : 'gray'}
        aria-label={t('outputs.regex')}
        aria-pressed={value}
        onClick={() => onChange(!value)}
      >
        <code>{t('outputs.regexSign')}</code>
      </ActionIcon>
    </Tooltip>
  )
}
