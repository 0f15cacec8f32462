/** Picks one of many that the API searches. */
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'

interface PickerProps {
  label: string
  description: string
  placeholder: string
  nothingFoundMessage: string
  /** Returns what matches a text; all of it, or the newest, for an empty one. */
  useFound: (text: string) => { id: string; name: string }[]
  /** Of the form: value, error, and what is told of changes. */
  field: { value?: string | null; onChange: (value: string | null) => void; error?: React.ReactNode }
}

export function Picker({ useFound, field, ...texts }: PickerProps) {
  const [search, setSearch] = useState('')
  const [settled] = useDebouncedValue(search.trim(), 200)
  const found = useFound(settled).map(({ id, name }) => ({ value: id, label: name }))
  const { value } = field
  // The one of an earlier run need not be among those that were found; its id stands for it then.
  const known = !value || found.some((each) => each.value === value)
  return (
    <Select
      required
      searchable
      onSearchChange={setSearch}
      data={known ? found : [{ value, label: value }, ...found]}
      {...texts}
      {...field}
    />
  )
}
