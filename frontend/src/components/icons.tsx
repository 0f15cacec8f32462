/** Our own line icons on a 24-px grid. They say nothing to a screen reader: a word stands beside, or a label on the button. */
import type { SVGProps } from 'react'

export interface IconProps extends Omit<SVGProps<SVGSVGElement>, 'children'> {
  size?: number
}

export type Icon = (props: IconProps) => React.ReactElement

function line(...paths: string[]): Icon {
  return function LineIcon({ size = 16, ...rest }: IconProps) {
    return (
      <svg
        viewBox="0 0 24 24"
        width={size}
        height={size}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.9}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
        {...rest}
      >
        {paths.map((d) => (
          <path key={d} d={d} />
        ))}
      </svg>
    )
  }
}

const CIRCLE = 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z'

export const OverviewIcon = line('M4 4h7v7H4z', 'M13 4h7v4h-7z', 'M13 11h7v9h-7z', 'M4 14h7v6H4z')
export const TargetIcon = line(
  'M4 4.5h16v6H4z',
  'M4 13.5h16v6H4z',
  'M7.5 7.5h.01',
  'M7.5 16.5h.01',
  'M11 7.5h5',
  'M11 16.5h5',
)
export const RunIcon = line('M4 4.5h16v15H4z', 'M7.5 9l3 3-3 3', 'M13 15h3.5')
export const ExecutionsIcon = line('M3 12h4l3-8 4 16 3-8h4')
export const CredentialIcon = line(
  'M15.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10z',
  'M12 12l-8.5 8.5',
  'M6 18l2.5 2.5',
  'M9 15l2 2',
)
export const WorkflowIcon = line(
  'M3 9.5h5v5H3z',
  'M16 4h5v5h-5z',
  'M16 15h5v5h-5z',
  'M8 12h3.5',
  'M16 6.5h-2a2.5 2.5 0 0 0-2.5 2.5v6a2.5 2.5 0 0 0 2.5 2.5h2',
)
export const TemplateIcon = line('M4 4.5h11v11H4z', 'M18 8.5h2v11H9v-2', 'M7 8.5h5', 'M7 11.5h3')
export const GlobeIcon = line(CIRCLE, 'M3.2 12h17.6', 'M12 3c-5 5.5-5 12.5 0 18', 'M12 3c5 5.5 5 12.5 0 18')
export const RunsIcon = line('M4 6h9', 'M8 12h9', 'M11 18h9')
export const TokenIcon = line(
  'M3.5 6.5h17v3.2a2.4 2.4 0 0 0 0 4.6v3.2h-17v-3.2a2.4 2.4 0 0 0 0-4.6z',
  'M14.5 9v.01',
  'M14.5 12v.01',
  'M14.5 15v.01',
)
export const HookIcon = line(
  'M12 3v9.5a4.5 4.5 0 1 1-4.5-4.5',
  'M12 3h.01',
  'M9.5 5.5L12 3l2.5 2.5',
  'M17 12h3.5',
)
export const ScriptIcon = line('M8.5 7L3.5 12l5 5', 'M15.5 7l5 5-5 5', 'M13.3 4.5l-2.6 15')
export const AuditIcon = line('M6 3.5h9l4 4v13H6z', 'M15 3.5v4h4', 'M9.5 12h6', 'M9.5 16h6')
export const FileIcon = line('M6 3.5h8l4.5 4.5v12.5H6z', 'M13.5 3.5v5h5')
export const UsersIcon = line(
  'M9 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
  'M2.5 20c0-3.5 2.9-5.5 6.5-5.5s6.5 2 6.5 5.5',
  'M15.5 4.8a3.5 3.5 0 0 1 0 6.4',
  'M18 14.9c2.1.7 3.5 2.4 3.5 5.1',
)
export const BellIcon = line('M5 17.5h14l-2-3V10a5 5 0 0 0-10 0v4.5z', 'M10 20.5a2 2 0 0 0 4 0', 'M12 3v2')
export const CalendarIcon = line('M4 5.5h16v14H4z', 'M4 10h16', 'M8.5 3v5', 'M15.5 3v5')
export const FlameIcon = line(
  'M12 3c1 4 5 5.5 5 10.5a5 5 0 0 1-10 0c0-2 1-3.5 2-4.5.5 1.5 1 2 2 2.5 0-3 0-6 1-8.5z',
)
export const SearchIcon = line('M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'M20 20l-4.8-4.8')
export const PlusIcon = line('M12 5v14', 'M5 12h14')
export const CheckIcon = line('M5 12.5l4.5 4.5L19 7')
export const CrossIcon = line('M6 6l12 12', 'M18 6L6 18')
export const BanIcon = line(CIRCLE, 'M5.7 5.7l12.6 12.6')
export const ClockIcon = line(CIRCLE, 'M12 7v5l3 2')
export const ClockCrossIcon = line(
  'M20.9 13.2A9 9 0 1 0 13 21',
  'M12 7v5l2 1.5',
  'M17 17l4.5 4.5',
  'M21.5 17L17 21.5',
)
export const PlayIcon = line('M7 4.5v15l12-7.5z')
export const PauseIcon = line('M8 5v14', 'M16 5v14')
export const ArrowUpIcon = line('M12 19V5', 'M6 11l6-6 6 6')
export const ArrowDownIcon = line('M12 5v14', 'M6 13l6 6 6-6')
export const HeartIcon = line(
  'M12 20C6 15.5 3.5 12.5 3.5 9a4.5 4.5 0 0 1 8.5-2 4.5 4.5 0 0 1 8.5 2c0 3.5-2.5 6.5-8.5 11z',
)
export const UnplugIcon = line(
  'M9 3v4',
  'M15 3v4',
  'M6 7h12v4a6 6 0 0 1-5 5.9',
  'M6 7v4a6 6 0 0 0 5 5.9V21',
  'M16.5 17.5l4 4',
  'M20.5 17.5l-4 4',
)
export const SkipIcon = line('M5 5v14l10-7z', 'M19 5v14')
export const HelpIcon = line(CIRCLE, 'M9.5 9.2a2.6 2.6 0 1 1 3.7 2.6c-.8.4-1.2.9-1.2 1.9', 'M12 17h.01')
export const WarningIcon = line('M12 4L2.8 20h18.4z', 'M12 10v4.5', 'M12 17.3h.01')
export const SunIcon = line(
  'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  'M12 2.5v2',
  'M12 19.5v2',
  'M2.5 12h2',
  'M19.5 12h2',
  'M5.3 5.3l1.4 1.4',
  'M17.3 17.3l1.4 1.4',
  'M5.3 18.7l1.4-1.4',
  'M17.3 6.7l1.4-1.4',
)
export const MoonIcon = line('M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z')
export const ScreenIcon = line('M3.5 5h17v11h-17z', 'M9 20h6', 'M12 16v4')
export const SignOutIcon = line('M14 4H5v16h9', 'M10 12h11', 'M17.5 8.5L21 12l-3.5 3.5')
export const PanelIcon = line('M4 4.5h16v15H4z', 'M9.5 4.5v15')
export const CopyIcon = line('M8.5 8.5h11v11h-11z', 'M15.5 8.5v-4h-11v11h4')
export const DownloadIcon = line('M12 4v11', 'M7.5 10.5L12 15l4.5-4.5', 'M4.5 19.5h15')
export const UploadIcon = line('M12 16V5', 'M7.5 9.5L12 5l4.5 4.5', 'M4.5 19.5h15')
export const ExternalIcon = line('M13.5 4.5h6v6', 'M19.5 4.5L11 13', 'M18 14v5.5H4.5V6H10')
export const RefreshIcon = line(
  'M20 11a8 8 0 0 0-14.3-4L4 9',
  'M4 4.5V9h4.5',
  'M4 13a8 8 0 0 0 14.3 4l1.7-2',
  'M20 19.5V15h-4.5',
)
export const EditIcon = line('M4.5 19.5v-4L15.8 4.2l4 4L8.5 19.5z', 'M13.2 6.8l4 4')
export const TrashIcon = line(
  'M4.5 6.5h15',
  'M9.5 6.5v-3h5v3',
  'M6.5 6.5l1 14h9l1-14',
  'M10.5 10.5v6',
  'M13.5 10.5v6',
)
export const WrapIcon = line('M4 6h16', 'M4 12h13a3 3 0 0 1 0 6h-4', 'M15 15.5L12.5 18l2.5 2.5', 'M4 18h4')
export const LockIcon = line('M5 10.5h14v10H5z', 'M8 10.5V8a4 4 0 0 1 8 0v2.5')
export const ShieldIcon = line(
  'M12 3l8 3v5.5c0 4.7-3.3 7.9-8 9.5-4.7-1.6-8-4.8-8-9.5V6z',
  'M8.7 12l2.3 2.3 4.3-4.6',
)
export const DotsIcon = line('M5 12h.01', 'M12 12h.01', 'M19 12h.01')
export const ChevronDownIcon = line('M6 9.5l6 6 6-6')
export const ChevronUpIcon = line('M6 14.5l6-6 6 6')
export const CompareIcon = line('M4 4.5h6v15H4z', 'M14 4.5h6v15h-6z')
export const ChevronRightIcon = line('M9.5 6l6 6-6 6')
export const CircleIcon = line(CIRCLE)
export const UserIcon = line('M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M4.5 20.5c0-4 3.4-6 7.5-6s7.5 2 7.5 6')
export const PlugIcon = line('M9 3v4.5', 'M15 3v4.5', 'M6 7.5h12V11a6 6 0 0 1-12 0z', 'M12 17v4')

/** The icons that the table of statuses names. */
export const iconsByName: Record<string, Icon> = {
  clock: ClockIcon,
  'player-play': PlayIcon,
  check: CheckIcon,
  x: CrossIcon,
  ban: BanIcon,
  'plug-x': UnplugIcon,
  'clock-x': ClockCrossIcon,
  'player-skip-forward': SkipIcon,
  help: HelpIcon,
}

/** The mark of the product: one centre that fans out. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="var(--mantine-color-brand-7)" />
      <g fill="none" stroke="var(--mantine-color-white)" strokeWidth="2.4" strokeLinecap="round">
        <path d="M8.5 16h5.2M18.4 14.2l4.2-4M18.4 17.8l4.2 4" />
      </g>
      <circle cx="16" cy="16" r="2.9" fill="var(--mantine-color-white)" />
      <g fill="var(--mantine-color-brand-2)">
        <circle cx="7.4" cy="16" r="2.2" />
        <circle cx="24" cy="9" r="2.2" />
        <circle cx="24" cy="23" r="2.2" />
      </g>
    </svg>
  )
}
