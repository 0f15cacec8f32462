/** What is done on each target: one action as plain fields, several as a list that can be put in order. */
import { Button, Menu, Stack, Text, VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import { flushSync } from 'react-dom'
import { useTranslation } from 'react-i18next'
import { ChevronDownIcon, PlusIcon } from '@/components/icons'
import { actionIcons, actionTypes } from '@/features/executions/actions'
import { uuid } from '@/lib/random'
import { ActionCard } from './ActionCard'
import { ActionFields } from './ActionFields'
import type { Form } from './form'
import classes from './run.module.css'
import { type ActionValues, MOST_ACTIONS, newAction } from './values'

interface ActionsProps {
  form: Form
  onSubmit: () => void
}

export function Actions({ form, onSubmit }: ActionsProps) {
  const { t } = useTranslation()
  const { actions } = form.values
  const [said, setSaid] = useState('')
  const move = (from: number, to: number) => {
    if (to < 0 || to >= actions.length) return
    const focused = document.activeElement
    // The browser takes the focus from what is moved in the page; it stays with the action.
    flushSync(() => form.reorderListItem('actions', { from, to }))
    if (focused instanceof HTMLElement) focused.focus()
    setSaid(t('run.moved', { number: to + 1 }))
  }
  const insert = (action: ActionValues, place: number) => form.insertListItem('actions', action, place)
  return (
    <Stack gap="sm">
      {actions.length === 1 ? (
        <ActionFields form={form} index={0} onSubmit={onSubmit} />
      ) : (
        <>
          <Text size="xs" c="dimmed">
            {t('run.orderHint')} {t('run.moveKeys')}
          </Text>
          <ol className={classes.actions} aria-label={t('run.actions')}>
            {actions.map((action, index) => (
              <ActionCard
                key={action.key}
                form={form}
                index={index}
                onSubmit={onSubmit}
                onMove={(to) => move(index, to)}
                onDuplicate={() => insert({ ...action, key: uuid() }, index + 1)}
                onRemove={() => form.removeListItem('actions', index)}
              />
            ))}
          </ol>
        </>
      )}
      <AddAction onAdd={(action) => insert(action, actions.length)} full={actions.length >= MOST_ACTIONS} />
      <VisuallyHidden role="status">{said}</VisuallyHidden>
    </Stack>
  )
}

function AddAction({ onAdd, full }: { onAdd: (action: ActionValues) => void; full: boolean }) {
  const { t } = useTranslation()
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button
          className={classes.add}
          size="compact-sm"
          variant="default"
          leftSection={<PlusIcon size={14} />}
          rightSection={<ChevronDownIcon size={13} />}
          disabled={full}
        >
          {t('run.addAction')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {actionTypes.map((type) => {
          const Shape = actionIcons[type]
          return (
            <Menu.Item key={type} leftSection={<Shape size={14} />} onClick={() => onAdd(newAction(type))}>
              {t(`actions.kinds.${type}`)}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}
