/** One template: its picture, what to set, what people think of it, and the way to a tab of one's own. */
import { ActionIcon, Button, Group, Menu, Rating, Skeleton, Stack, Text } from '@mantine/core'
import { Outlet, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Template } from '@/api/types'
import { DeleteItem } from '@/components/DeleteItem'
import { tellFailed } from '@/components/feedback'
import { DotsIcon, DownloadIcon, EditIcon } from '@/components/icons'
import { MenuLink, TextLink } from '@/components/links'
import { Facts, Page, Section } from '@/components/Page'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { Tags } from '@/features/targets/parts'
import { FlowPicture } from '@/features/workflows/FlowPicture'
import { AverageRating, SeenBy, ShippedBadge } from './parts'
import { useDeleteTemplate, useDownloadTemplate, useRate, useTemplate } from './queries'
import classes from './templates.module.css'
import { UseTemplate } from './UseTemplate'
import { Versions } from './Versions'

export function TemplatePage() {
  const { t } = useTranslation()
  const { templateId } = useParams({ from: '/shell/workflows/templates/$templateId' })
  const { data, error, refetch } = useTemplate(templateId)
  if (error && !data) return <ErrorState level={1} error={error} onRetry={refetch} />
  return (
    <Page
      title={data?.name ?? t('common.loading')}
      crumb={<TextLink to="/workflows/templates">{t('templates.title')}</TextLink>}
      beside={data && <Text c="dimmed">{t('templates.versionNumber', { number: data.version })}</Text>}
      actions={data && <Actions template={data} />}
    >
      {data ? <Details template={data} /> : <Skeleton height={360} aria-busy="true" />}
      <Outlet />
    </Page>
  )
}

function Actions({ template }: { template: Template }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const can = useCan()
  const remove = useDeleteTemplate()
  const { id, name } = template
  return (
    <>
      {can('workflows.edit') && <UseTemplate template={template} />}
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={t('templates.moreActions', { name })}>
            <DotsIcon />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <DownloadItem template={template} />
          {template.may_change && (
            <>
              <MenuLink
                to="/workflows/templates/$templateId/edit"
                params={{ templateId: id }}
                leftSection={<EditIcon />}
              >
                {t('common.edit')}
              </MenuLink>
              <DeleteItem
                title={t('templates.deleteTitle', { name })}
                text={t('templates.deleteText')}
                deleted={t('templates.deleted', { name })}
                remove={() => remove.mutateAsync(id)}
                onDeleted={() => void navigate({ to: '/workflows/templates' })}
              />
            </>
          )}
        </Menu.Dropdown>
      </Menu>
    </>
  )
}

function DownloadItem({ template }: { template: Template }) {
  const { t } = useTranslation()
  const download = useDownloadTemplate(template)
  return (
    <Menu.Item leftSection={<DownloadIcon />} onClick={() => download.mutate()}>
      {t('templates.download')}
    </Menu.Item>
  )
}

function Details({ template }: { template: Template }) {
  const { t } = useTranslation()
  const nodes = template.template_data
  const tab = nodes.find(({ type }) => type === 'tab')
  return (
    <div className={classes.columns}>
      <Stack gap="lg" miw={0}>
        {template.description && <Text className={classes.words}>{template.description}</Text>}
        <Section title={t('templates.picture')}>
          <FlowPicture flowId={tab?.id ?? ''} nodes={nodes.filter(({ type }) => type !== 'comment')} />
        </Section>
        <Comments template={template} />
        <Section title={t('templates.versions')}>
          <Versions template={template} />
        </Section>
      </Stack>
      <Stack gap="md" className={classes.side}>
        <Facts
          rows={[
            [t('templates.category'), template.category],
            [t('templates.tags'), template.tags.length > 0 ? <Tags key="tags" tags={template.tags} /> : null],
            [t('templates.author'), <Author key="author" template={template} />],
            [t('templates.seenBy'), <SeenBy key="seen" template={template} />],
            [t('templates.downloads'), t('templates.times', { count: template.download_count })],
            [t('templates.rating'), <AverageRating key="rating" template={template} />],
            [t('templates.changed'), <Time key="changed" at={template.updated_at} />],
          ]}
        />
        <YourRating template={template} />
      </Stack>
    </div>
  )
}

function Author({ template }: { template: Template }) {
  return template.slug ? <ShippedBadge template={template} /> : template.author_name
}

/** What the author wrote into comment nodes: there it says what to set. */
function Comments({ template }: { template: Template }) {
  const { t } = useTranslation()
  const comments = template.template_data.filter(({ type, info }) => type === 'comment' && info)
  if (comments.length === 0) return null
  return (
    <Section title={t('templates.toSet')}>
      {comments.map((comment) => (
        <div key={comment.id} className={classes.comment}>
          {String(comment.info).replaceAll('**', '')}
        </div>
      ))}
    </Section>
  )
}

function YourRating({ template }: { template: Template }) {
  const { t } = useTranslation()
  const mayRate = useCan()('templates.rate')
  const rate = useRate(template.id)
  if (!mayRate) return null
  const give = (stars: number | null) =>
    rate.mutate(stars, { onError: (error) => tellFailed(t('templates.rateFailed'), error) })
  return (
    <div>
      <Text size="sm" fw={550} mb={4} id="your-rating">
        {t('templates.yourRating')}
      </Text>
      <Group gap="sm">
        <Rating
          aria-labelledby="your-rating"
          getSymbolLabel={(count) => t('templates.stars', { count })}
          value={template.my_stars ?? 0}
          readOnly={rate.isPending}
          onChange={give}
        />
        {template.my_stars !== null && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => give(null)}>
            {t('templates.takeBack')}
          </Button>
        )}
      </Group>
    </div>
  )
}
