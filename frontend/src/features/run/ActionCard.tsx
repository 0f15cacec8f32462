import { ActionIcon, Text, Tooltip } from '@mantine/core'
import { getHotkeyHandler } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { ArrowDownIcon, ArrowUpIcon, CopyIcon, type Icon, TrashIcon } from '@/components/icons'
import { ActionFields } from './ActionFields'
import type { ActionProps } from './form'
import classes from './run.module.css'

interface ActionCardProps extends ActionProps {
  onSubmit: () => void
  onMove: (to: number) => void
  onDuplicate: () => void
  onRemove: () => void
}

/** One action of several, with its place. */
export function ActionCard({ form, index, onSubmit, onMove, onDuplicate, onRemove }: ActionCardProps) {
  const { t } = useTranslation()
  const number = index + 1
  const last = index === form.values.actions.length - 1
  const keys = getHotkeyHandler([
    ['alt+ArrowUp', () => onMove(index - 1)],
    ['alt+ArrowDown', () => onMove(index + 1)],
  ])
  return (
    <li>
      <fieldset className={classes.action} aria-label={t('run.action', { number })} onKeyDown={keys}>
        <div className={classes.actionHead}>
          <Text span size="sm" fw={600} mr="auto">
            {t('run.action', { number })}
          </Text>
          <Tool
            icon={ArrowUpIcon}
            label={t('run.moveUp', { number })}
            off={index === 0}
            onClick={() => onMove(index - 1)}
          />
          <Tool
            icon={ArrowDownIcon}
            label={t('run.moveDown', { number })}
            off={last}
            onClick={() => onMove(index + 1)}
          />
          <Tool icon={CopyIcon} label={t('run.duplicate', { number })} onClick={onDuplicate} />
          <Tool icon={TrashIcon} label={t('run.remove', { number })} onClick={onRemove} />
        </div>
        <ActionFields form={form} index={index} onSubmit={onSubmit} />
      </fieldset>
    </li>
  )
}

interface ToolProps {
  icon: Icon
  label: string
  /** It keeps the focus: whoever moves an action to the end must not be thrown off the page. */
  off?: boolean
  onClick: () => void
}

function Tool({ icon: Shape, label, off, onClick }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        aria-label={label}
        aria-disabled={off}
        data-disabled={off || undefined}
        onClick={off ? undefined : onClick}
      >
        <Shape size={15} />
      </ActionIcon>
    </Tooltip>
  )
}
