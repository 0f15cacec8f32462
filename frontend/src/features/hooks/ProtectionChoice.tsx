/** How requests to a hook prove themselves: chosen, and confirmed where that lets everybody in or shuts somebody out. */
import { Radio, Stack } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { HookDetail, HookProtection } from '@/api/types'
import { ask, tellDone } from '@/components/feedback'
import { useCan } from '@/features/auth/session'
import { protections } from './filter'
import { useProtect } from './queries'

const CLOSED = 'closed'

export function ProtectionChoice({ hook }: { hook: HookDetail }) {
  const { t } = useTranslation()
  const mayOpen = useCan()('hooks.open')
  const protect = useProtect(hook)
  const now = hook.protection ?? CLOSED
  const change = (chosen: string) => {
    const wanted = protections.find((one) => one === chosen) ?? null
    const done = () => tellDone(t('hooks.protected', { path: hook.path }))
    const act = () => protect.mutate(wanted, { onSuccess: done })
    const warning = warningOf(hook, wanted)
    if (!warning) return act()
    ask({
      title: t(`hooks.change.${warning}Title`),
      text: t(`hooks.change.${warning}Text`, { user: hook.run_as ?? t('hooks.unknownUser') }),
      confirm: t(`hooks.change.${warning}`),
      onConfirm: act,
    })
  }
  return (
    <Radio.Group aria-label={t('hooks.howProven')} value={now} onChange={change}>
      <Stack gap="sm">
        {([CLOSED, ...protections] as const).map((value) => (
          <Radio
            key={value}
            value={value}
            label={t(`hooks.protections.${value}.name`)}
            description={t(
              value === 'open' && !mayOpen ? 'hooks.onlyAdministrators' : `hooks.protections.${value}.hint`,
            )}
            disabled={protect.isPending || (value === 'open' && !mayOpen && now !== 'open')}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

function warningOf(hook: HookDetail, wanted: HookProtection | null): 'open' | 'end' | null {
  if (wanted === 'open') return 'open'
  return hook.secrets > 0 ? 'end' : null
}
