/** Search and filter chips above a list. What they hold lives in the address, so a view can be sent to somebody. */
import { Button, Menu, TextInput, UnstyledButton } from '@mantine/core'
import { useDebouncedCallback, useHotkeys } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './filters.module.css'
import { CheckIcon, ChevronDownIcon, CrossIcon, SearchIcon } from './icons'

export function FilterBar({ children }: { children: React.ReactNode }) {
  return <search className={classes.bar}>{children}</search>
}

interface SearchFieldProps {
  value: string | undefined
  onChange: (value: string | undefined) => void
  label: string
}

/** Asks 250 ms after the last key; `/` jumps here from anywhere on the page, Escape empties it. */
export function SearchField({ value, onChange, label }: SearchFieldProps) {
  const [text, setText] = useState(value ?? '')
  const field = useRef<HTMLInputElement>(null)
  const send = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), 250)
  useEffect(() => {
    if (document.activeElement !== field.current) setText(value ?? '')
  }, [value])
  useHotkeys([['/', () => field.current?.focus()]])
  const change = (next: string) => {
    setText(next)
    send(next)
  }
  return (
    <TextInput
      ref={field}
      className={classes.search}
      size="xs"
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<SearchIcon size={14} />}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && change('')}
    />
  )
}

export interface Choice {
  value: string
  label: string
  count?: number
}

interface FilterChipProps {
  name: string
  value: string | undefined
  choices: Choice[]
  onChange: (value: string | undefined) => void
}

export function FilterChip({ name, value, choices, onChange }: FilterChipProps) {
  const { t } = useTranslation()
  const chosen = choices.find((choice) => choice.value === value)?.label ?? value
  return (
    <div className={classes.chip} data-set={value ? true : undefined}>
      <Menu position="bottom-start">
        <Menu.Target>
          <UnstyledButton
            className={classes.chipMain}
            aria-label={chosen ? t('list.filteredBy', { name, value: chosen }) : t('list.filterBy', { name })}
          >
            {name} {chosen ? <span className={classes.value}>{chosen}</span> : <ChevronDownIcon size={13} />}
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
          <Choices {...{ value, choices, onChange }} />
        </Menu.Dropdown>
      </Menu>
      {value && (
        <UnstyledButton
          className={classes.chipClear}
          aria-label={t('list.remove', { name })}
          onClick={() => onChange(undefined)}
        >
          <CrossIcon size={12} />
        </UnstyledButton>
      )}
    </div>
  )
}

function Choices({ value, choices, onChange }: Omit<FilterChipProps, 'name'>) {
  const { t } = useTranslation()
  if (choices.length === 0) return <Menu.Label>{t('list.noOptions')}</Menu.Label>
  return choices.map((choice) => (
    <Menu.Item
      key={choice.value}
      onClick={() => onChange(choice.value === value ? undefined : choice.value)}
      leftSection={<CheckIcon size={13} visibility={choice.value === value ? 'visible' : 'hidden'} />}
      rightSection={choice.count !== undefined && <span className={classes.count}>{choice.count}</span>}
    >
      {choice.label}
    </Menu.Item>
  ))
}

export function ClearFilters({ shown, onClear }: { shown: boolean; onClear: () => void }) {
  const { t } = useTranslation()
  if (!shown) return null
  return (
    <Button size="compact-xs" variant="subtle" color="gray" onClick={onClear}>
      {t('list.clearFilters')}
    </Button>
  )
}
