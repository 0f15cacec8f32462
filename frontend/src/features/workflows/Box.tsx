/** What holds flows back: a few words where something does, a warning where nothing or little does. */
import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { LockIcon, WarningIcon } from '@/components/icons'
import { Notice } from '@/components/Notice'
import { useBox } from './queries'
import classes from './workflows.module.css'

const BOXES = ['full', 'network'] as const
type Boxed = (typeof BOXES)[number]

export function BoxHint() {
  const { t } = useTranslation()
  const { data } = useBox()
  const level = BOXES.find((one): one is Boxed => one === data?.level)
  if (!level) return null
  return (
    <Text size="xs" c="dimmed" className={classes.box} title={t(`workflows.boxMeans.${level}`)}>
      <LockIcon size={13} />
      {t(`workflows.box.${level}`)}
      {data?.functions === false && ` · ${t('workflows.functionsOff')}`}
    </Text>
  )
}

export function BoxWarning() {
  const { t } = useTranslation()
  const { data } = useBox()
  if (data?.level !== 'permission' && data?.level !== 'off') return null
  return (
    <Notice tone="warning" icon={WarningIcon} title={t('workflows.authorsAreAdministrators')} role="status">
      {t(`workflows.boxMeans.${data.level}`)} {data.functions === false && `${t('workflows.functionsOff')}. `}
      {t('workflows.boxHow')}
    </Notice>
  )
}
