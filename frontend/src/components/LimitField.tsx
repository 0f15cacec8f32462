/** How many operations may be under way at once; empty for any number. */
import { NumberInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface LimitFieldProps {
  value: number | null
  onChange: (value: number | null) => void
  hint: string
  error: ReactNode
}

const MOST = 1000

export function LimitField({ value, onChange, hint, error }: LimitFieldProps) {
  const { t } = useTranslation()
  return (
    <NumberInput
      label={t('common.mostAtOnce')}
      description={hint}
      placeholder={t('common.noLimit')}
      min={1}
      max={MOST}
      allowDecimal={false}
      value={value ?? ''}
      onChange={(wanted) => onChange(wanted === '' ? null : Number(wanted))}
      error={error}
    />
  )
}
