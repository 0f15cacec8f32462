/** Every version of a template: who made it, when, and why. */
import { Button, Skeleton, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { rowsOf } from '@/api/paging'
import type { Template } from '@/api/types'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useTemplateVersions } from './queries'
import classes from './templates.module.css'

export function Versions({ template }: { template: Template }) {
  const { t } = useTranslation()
  const list = useTemplateVersions(template.id)
  if (list.error && !list.data) return <ErrorState error={list.error} onRetry={list.refetch} compact />
  if (!list.data) return <Skeleton height={40} />
  return (
    <>
      <ul className={classes.versions}>
        {rowsOf(list.data)?.map(({ version, message, author_name, created_at }) => (
          <li key={version}>
            <Text span inherit fw={550}>
              {t('templates.versionNumber', { number: version })}
            </Text>
            <span>{message || t('templates.noMessage')}</span>
            <Text span inherit c="dimmed">
              <Time at={created_at} /> {t('templates.by', { name: author_name })}
            </Text>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button size="xs" variant="default" mt="sm" onClick={() => void list.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </>
  )
}
