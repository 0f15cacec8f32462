/** Folds away what is seldom needed; what was set inside is told beside its name, so that nothing works unseen. */
import { UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useId } from 'react'
import classes from './fold.module.css'
import { ChevronDownIcon, ChevronRightIcon } from './icons'

interface FoldProps {
  label: string
  summary?: string
  /** Open for as long as there is something inside that has to be seen. */
  forced?: boolean
  children: React.ReactNode
}

export function Fold({ label, summary, forced = false, children }: FoldProps) {
  const [opened, { toggle }] = useDisclosure()
  const id = useId()
  const open = opened || forced
  const Chevron = open ? ChevronDownIcon : ChevronRightIcon
  return (
    <div>
      <UnstyledButton className={classes.head} aria-expanded={open} aria-controls={id} onClick={toggle}>
        <Chevron size={14} />
        <span className={classes.label}>{label}</span>
        {!open && summary && <span className={classes.summary}>{summary}</span>}
      </UnstyledButton>
      <div id={id} className={classes.body} hidden={!open}>
        {open && children}
      </div>
    </div>
  )
}
