/** The frame of what one sees before being signed in. */
import { Paper, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { Mark } from '@/components/icons'
import classes from './door.module.css'

export function Door({
  title,
  intro,
  children,
}: {
  title: string
  intro?: string
  children: React.ReactNode
}) {
  const { t } = useTranslation()
  useDocumentTitle(`${title} · ${t('common.product')}`)
  return (
    <main className={classes.door}>
      <div className={classes.box}>
        <div className={classes.brand}>
          <Mark size={32} />
          {t('common.product')}
        </div>
        <Paper p="lg" radius="lg" bg="var(--oc-surface)">
          <Title order={1} mb={intro ? 4 : 'md'}>
            {title}
          </Title>
          {intro && (
            <Text size="sm" c="dimmed" mb="md">
              {intro}
            </Text>
          )}
          {children}
        </Paper>
        <div className={classes.foot}>{t('auth.tagline')}</div>
      </div>
    </main>
  )
}
