/** What differs between two versions: settings first, then lines; by sign and word as well as by colour. */
import { Stack, Text, VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ScriptDiff } from '@/api/types'
import classes from './scripts.module.css'

type Line = ScriptDiff['lines'][number]

const SIGNS: Record<Line['kind'], string> = { same: ' ', added: '+', removed: '−', gap: '⋯' }
const FIELDS = ['name', 'description', 'interpreter', 'parameters', 'os_types', 'tags', 'timeout'] as const

export function Diff({ diff }: { diff: ScriptDiff }) {
  const { t } = useTranslation()
  if (diff.fields.length === 0 && diff.lines.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('scripts.same')}
      </Text>
    )
  return (
    <Stack gap="sm">
      <Fields fields={diff.fields} />
      {diff.lines.length > 0 ? (
        <Lines diff={diff} />
      ) : (
        <Text size="sm" c="dimmed">
          {t('scripts.textSame')}
        </Text>
      )}
      {!diff.complete && (
        <Text size="xs" c="dimmed">
          {t('scripts.diffCut')}
        </Text>
      )}
    </Stack>
  )
}

function Fields({ fields }: { fields: ScriptDiff['fields'] }) {
  const { t } = useTranslation()
  if (fields.length === 0) return null
  const named = (field: string) => {
    const known = FIELDS.find((name) => name === field)
    return known ? t(`scripts.fields.${known}`) : field
  }
  return (
    <dl className={classes.fields}>
      {fields.map(({ field, before, after }) => (
        <div key={field}>
          <dt>{named(field)}</dt>
          <dd>
            <Change before={before} after={after} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Change({ before, after }: { before: unknown; after: unknown }) {
  const { t } = useTranslation()
  const [old, next] = onlyDifferent(items(before), items(after))
  return (
    <>
      <del>{old.join(', ') || t('scripts.nothing')}</del> <ins>{next.join(', ') || t('scripts.nothing')}</ins>
    </>
  )
}

/** What of two lists is in one of them only; all of both where just the order differs. */
function onlyDifferent(before: string[], after: string[]): [string[], string[]] {
  const old = before.filter((each) => !after.includes(each))
  const next = after.filter((each) => !before.includes(each))
  return old.length + next.length > 0 ? [old, next] : [before, after]
}

function items(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(item)
  return value === null || value === '' ? [] : [String(value)]
}

/** A parameter is told by what it is. */

function item(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const { name, type, ...rest } = value as Record<string, unknown>
  const set = Object.entries(rest).filter(([, each]) => each !== null && each !== '' && each !== false)
  const more = set.map(([key, each]) => `${key} ${Array.isArray(each) ? each.join('|') : String(each)}`)
  return `${name} (${[type, ...more].join(', ')})`
}

function Lines({ diff }: { diff: ScriptDiff }) {
  const { t } = useTranslation()
  return (
    <section
      className={classes.diff}
      aria-label={t('scripts.diffLabel', { from: diff.from_version, to: diff.to_version })}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
      tabIndex={0}
    >
      <table>
        <tbody>
          {diff.lines.map((line) => (
            <DiffRow key={`${line.kind} ${line.old} ${line.new}`} line={line} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function DiffRow({ line: { kind, old, new: next, text } }: { line: Line }) {
  const { t } = useTranslation()
  return (
    <tr data-kind={kind}>
      <td className={classes.number}>{old}</td>
      <td className={classes.number}>{next}</td>
      <td className={classes.sign}>
        <span aria-hidden="true">{SIGNS[kind]}</span>
        {(kind === 'added' || kind === 'removed') && <VisuallyHidden>{t(`scripts.${kind}`)}</VisuallyHidden>}
      </td>
      <td className={classes.line}>{text}</td>
    </tr>
  )
}
