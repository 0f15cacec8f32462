/** What an execution does, readably: one command as it is, several actions as a numbered list. */
import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { actionIcons, type ShownAction, settingLabel, settingsOf } from './actions'
import classes from './steering.module.css'

export function ActionList({ actions }: { actions: ShownAction[] }) {
  const [first] = actions
  if (actions.length === 1 && first?.code)
    return (
      <>
        <Code>{first.code}</Code>
        <Settings action={first} />
      </>
    )
  return (
    <ol className={classes.actions}>
      {actions.map((action, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an action has no other name than its place
        <li key={index}>
          <OneAction action={action} />
        </li>
      ))}
    </ol>
  )
}

function OneAction({ action }: { action: ShownAction }) {
  const { t } = useTranslation()
  const Shape = actionIcons[action.type]
  // A wait and a transfer say by themselves what they are.
  const plain = action.type === 'wait' || action.type === 'file_transfer'
  const title = action.name || (plain ? action.label : '')
  return (
    <>
      <div className={classes.actionHead}>
        <Shape size={14} />
        {(!plain || action.name) && (
          <Text span size="xs" c="dimmed">
            {t(`actions.kinds.${action.type}`)}
          </Text>
        )}
        {title && <strong className={classes.actionLabel}>{title}</strong>}
      </div>
      {action.code && <Code>{action.code}</Code>}
      <Settings action={action} />
    </>
  )
}

function Code({ children }: { children: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <pre className={classes.code} tabIndex={0}>
      {children}
    </pre>
  )
}

function Settings({ action }: { action: ShownAction }) {
  const settings = settingsOf(action)
  if (settings.length === 0) return null
  return (
    <Text size="xs" c="dimmed" className={classes.settings}>
      {settings.map(([name, value]) => (
        <span key={name}>
          {settingLabel(name)}
          {value !== true && <b> {value}</b>}
        </span>
      ))}
    </Text>
  )
}
