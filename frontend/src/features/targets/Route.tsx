/** The way to a target: from here over its jump hosts. */
import { Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Target } from '@/api/types'
import { ChevronRightIcon } from '@/components/icons'
import { TextLink } from '@/components/links'

export function Route({ target }: { target: Target }) {
  const { t } = useTranslation()
  return (
    <Group gap={4}>
      <Text span size="sm" c="dimmed">
        {t('targets.routeFrom')}
      </Text>
      {target.route.map(({ id, name }) => (
        <Group key={id} gap={4} wrap="nowrap">
          <ChevronRightIcon size={13} />
          <TextLink to="/targets/$targetId" params={{ targetId: id }} search={true} size="sm">
            {name}
          </TextLink>
        </Group>
      ))}
      <Group gap={4} wrap="nowrap">
        <ChevronRightIcon size={13} />
        <Text span size="sm">
          {target.name}
        </Text>
      </Group>
    </Group>
  )
}
