import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { useState } from 'react'
import { expect, test } from 'vitest'
import type { ParameterDefinition } from '@/api/types'
import { axeFindings } from '@/testing/app'
import { aFile, aTarget, page } from '@/testing/data'
import { tells } from '@/testing/server'
import { ParameterFields, useValueProblems } from './ParameterFields'
import { problemsOf, startValues } from './values'

const definitions: ParameterDefinition[] = [
  { type: 'text', name: 'WORD', label: 'A word', help: 'Any will do.', required: true },
  { type: 'number', name: 'LIMIT', max: 10 },
  { type: 'choice', name: 'REGION', choices: ['eu', 'us'] },
  { type: 'boolean', name: 'ALL', default: true },
  { type: 'boolean', name: 'SURE' },
  { type: 'secret', name: 'TOKEN', required: true },
  { type: 'target', name: 'DB' },
  { type: 'file', name: 'CONFIG' },
]

function Form({ onValues }: { onValues: (values: object) => void }) {
  const [values, setValues] = useState(() => startValues(definitions))
  const said = useValueProblems()
  onValues(values)
  return (
    <main>
      <ParameterFields
        definitions={definitions}
        values={values}
        onChange={(name, value) => setValues((before) => ({ ...before, [name]: value }))}
        errors={said(problemsOf(definitions, values))}
      />
    </main>
  )
}

function open() {
  let latest: object = {}
  const user = userEvent.setup({ delay: null })
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider env="test">
        <Form onValues={(values) => (latest = values)} />
      </MantineProvider>
    </QueryClientProvider>,
  )
  return { user, values: () => latest }
}

const LONG = 20_000 // ms; every kind of input is used, and axe goes through them

test('each type has its input, and what is typed comes back as its type', { timeout: LONG }, async () => {
  tells('/targets', page(aTarget('db-1', { id: '01a20c06-c4c1-742b-b37f-ba80e5e35788' })))
  tells('/files', page(aFile('app.conf', { id: 'f-1' })))
  const { user, values } = open()

  await user.type(screen.getByRole('textbox', { name: 'A word' }), 'hello')
  await user.type(screen.getByRole('textbox', { name: 'LIMIT' }), '7')
  await user.click(screen.getByRole('combobox', { name: 'REGION' }))
  await user.click(await screen.findByRole('option', { name: 'us' }))
  await user.click(screen.getByRole('switch', { name: 'ALL' }))
  await user.click(screen.getByRole('combobox', { name: 'SURE' }))
  await user.click(await screen.findByRole('option', { name: 'No' }))
  await user.type(screen.getByLabelText(/^TOKEN/), 's3cret')
  await user.click(screen.getByRole('combobox', { name: 'DB' }))
  await user.click(await screen.findByRole('option', { name: 'db-1' }))
  await user.click(screen.getByRole('combobox', { name: 'CONFIG' }))
  await user.click(await screen.findByRole('option', { name: 'app.conf' }))

  expect(values()).toEqual({
    WORD: 'hello',
    LIMIT: 7,
    REGION: 'us',
    ALL: false,
    SURE: false,
    TOKEN: 's3cret',
    DB: '01a20c06-c4c1-742b-b37f-ba80e5e35788',
    CONFIG: 'f-1',
  })
  expect(screen.getByLabelText<HTMLInputElement>(/^TOKEN/).type).toBe('password')
  expect(await axeFindings()).toEqual([])
})

test('what does not fit is told at its input', async () => {
  const { user } = open()

  expect(screen.getAllByText('This is needed.')).toHaveLength(2)
  await user.type(screen.getByRole('textbox', { name: 'LIMIT' }), '11')

  screen.getByText('This must be at most 10.')
})
