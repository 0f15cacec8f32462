/** Picks one of many by its name; the API searches, as there may be thousands. */
import { Select, type SelectProps } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'

interface Named {
  id: string
  name: string
}

interface PickerProps extends Omit<SelectProps, 'value' | 'onChange' | 'data'> {
  value?: string | null
  onChange: (value: string | null) => void
  /** Returns what matches a text; all of it, or the newest, for an empty one. */
  useFound: (text: string) => Named[]
  /** Returns the one with this id: what was chosen before the form was there need not be among those found. */
  useOne: (id: string | undefined) => Named | undefined
}

export function Picker({ value = null, onChange, useFound, useOne, ...shown }: PickerProps) {
  const [search, setSearch] = useState('')
  const [settled] = useDebouncedValue(search.trim(), 200)
  const [picked, setPicked] = useState<Choice>()
  const found = useFound(settled).map(({ id, name }) => ({ value: id, label: name }))
  const known = [picked, ...found].find((choice) => choice?.value === value)
  const one = useOne(value === null || known ? undefined : value)
  // One that is gone has an id only.
  const chosen = known ?? (value === null ? undefined : { value, label: one?.name ?? value })
  const missing = chosen && !found.some((choice) => choice.value === chosen.value)
  return (
    <Select
      {...shown}
      searchable
      filter={({ options }) => options} // the server has searched
      data={missing ? [chosen, ...found] : found}
      value={value}
      onChange={(id, choice) => {
        setPicked(choice ?? undefined)
        onChange(id)
      }}
      onSearchChange={(text) => setSearch(text === chosen?.label ? '' : text)}
    />
  )
}

interface Choice {
  value: string
  label: string
}
