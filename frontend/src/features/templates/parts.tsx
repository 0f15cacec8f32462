/** Small parts that the list and the page of templates share. */
import { Group, Rating, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { TemplateRow } from '@/api/types'
import { GlobeIcon, LockIcon, TemplateIcon } from '@/components/icons'
import { ToneBadge } from '@/components/Status'

export function AverageRating({ template }: { template: Pick<TemplateRow, 'rating' | 'rating_count'> }) {
  const { t } = useTranslation()
  const { rating, rating_count: count } = template
  if (rating === null)
    return (
      <Text span size="xs" c="dimmed">
        {t('templates.unrated')}
      </Text>
    )
  return (
    <Group gap={6} wrap="nowrap" role="img" aria-label={t('templates.ratings', { rating, count })}>
      <Rating value={rating} fractions={4} readOnly size="xs" aria-hidden />
      <Text span size="xs" c="dimmed" aria-hidden style={{ whiteSpace: 'nowrap' }}>
        {`${rating} (${count})`}
      </Text>
    </Group>
  )
}

export function ShippedBadge({ template }: { template: Pick<TemplateRow, 'slug'> }) {
  const { t } = useTranslation()
  if (!template.slug) return null
  return (
    <ToneBadge tone="info" icon={TemplateIcon} plain>
      {t('templates.shipped')}
    </ToneBadge>
  )
}

export function SeenBy({ template }: { template: Pick<TemplateRow, 'is_public'> }) {
  const { t } = useTranslation()
  return (
    <ToneBadge tone="neutral" icon={template.is_public ? GlobeIcon : LockIcon} plain>
      {template.is_public ? t('templates.public') : t('templates.private')}
    </ToneBadge>
  )
}
