/** Something to know before going on, in a tone of the one table; what failed outright is an alert. */
import type { Tone } from '@/lib/status'
import type { Icon } from './icons'
import classes from './states.module.css'

interface NoticeProps {
  tone: Extract<Tone, 'warning' | 'danger'>
  icon: Icon
  title: string
  role?: 'alert' | 'status'
  children?: React.ReactNode
}

export function Notice({ tone, icon: Shape, title, role, children }: NoticeProps) {
  return (
    <div className={classes.notice} data-tone={tone} role={role}>
      <Shape size={18} />
      <strong>{title}</strong>
      {children && <div className={classes.noticeBody}>{children}</div>}
    </div>
  )
}
