/** How requests to a hook prove themselves: chosen, then set, after a question where that opens it or ends secrets. */
import { Button, Group, Radio, Stack } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { HookDetail, HookProtection } from '@/api/types'
import { ask, tellDone } from '@/components/feedback'
import { useCan } from '@/features/auth/session'
import { protections } from './filter'
import { useProtect } from './queries'

const CLOSED = 'closed'
type Choice = HookProtection | typeof CLOSED
const choices: Choice[] = [CLOSED, ...protections]

export function ProtectionChoice({ hook }: { hook: HookDetail }) {
  const { t } = useTranslation()
  const now: Choice = hook.protection ?? CLOSED
  const [chosen, choose] = useState(now)
  const { set, isPending } = useSetProtection(hook)
  return (
    <Stack gap="md">
      <Choices chosen={chosen} now={now} onChange={choose} />
      {chosen !== now && (
        <Group gap="xs">
          <Button loading={isPending} onClick={() => set(chosen === CLOSED ? null : chosen)}>
            {t('hooks.set')}
          </Button>
          <Button variant="default" onClick={() => choose(now)}>
            {t('common.cancel')}
          </Button>
        </Group>
      )}
    </Stack>
  )
}

interface ChoicesProps {
  chosen: Choice
  now: Choice
  onChange: (choice: Choice) => void
}

function Choices({ chosen, now, onChange }: ChoicesProps) {
  const { t } = useTranslation()
  const mayOpen = useCan()('hooks.open')
  const hintOf = (choice: Choice) =>
    choice === 'open' && !mayOpen ? t('hooks.onlyAdministrators') : t(`hooks.protections.${choice}.hint`)
  return (
    <Radio.Group
      aria-label={t('hooks.howProven')}
      value={chosen}
      onChange={(value) => onChange(choices.find((choice) => choice === value) ?? CLOSED)}
    >
      <Stack gap="sm">
        {choices.map((choice) => (
          <Radio
            key={choice}
            value={choice}
            label={t(`hooks.protections.${choice}.name`)}
            description={hintOf(choice)}
            disabled={choice === 'open' && !mayOpen && now !== 'open'}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

function useSetProtection(hook: HookDetail) {
  const { t } = useTranslation()
  const protect = useProtect(hook)
  const set = (wanted: HookProtection | null) => {
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
  return { set, isPending: protect.isPending }
}

function warningOf(hook: HookDetail, wanted: HookProtection | null): 'open' | 'end' | null {
  if (wanted === 'open') return 'open'
  return hook.secrets > 0 ? 'end' : null
}
