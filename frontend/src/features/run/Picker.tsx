/** Picks one of many that the API searches. */
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'

interface Named {
  id: string
  name: string
}

interface PickerProps {
  label: string
  description: string
  placeholder: string
  nothingFoundMessage: string
  /** Returns what matches a text; all of it, or the newest, for an empty one. */
  useFound: (text: string) => Named[]
  /** Returns the one with this id: it need not be among those that were found. */
  useOne: (id: string | undefined) => Named | undefined
  /** Of the form: value, error, and what is told of changes. */
  field: { value?: string | null; onChange: (value: string | null) => void; error?: React.ReactNode }
}

export function Picker({ useFound, useOne, field, ...texts }: PickerProps) {
  const [search, setSearch] = useState('')
  const [settled] = useDebouncedValue(search.trim(), 200)
  const found = useFound(settled).map(({ id, name }) => ({ value: id, label: name }))
  const { value } = field
  const present = !value || found.some((each) => each.value === value)
  const one = useOne(value ?? undefined)
  const chosen = value ? { value, label: one?.name ?? value } : undefined // one that is gone has an id only
  return (
    <Select
      required
      searchable
      onSearchChange={(text) => setSearch(text === chosen?.label ? '' : text)}
      data={present || !chosen ? found : [chosen, ...found]}
      {...texts}
      {...field}
    />
  )
}
