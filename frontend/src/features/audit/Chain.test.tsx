import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aChain, anAuditEntry, aVerdict, page } from '@/testing/data'
import { refuses, tells } from '@/testing/server'

const verify = () => screen.findByRole('button', { name: 'Verify' })

test('before anybody verified it the page says how many entries are chained', async () => {
  tells('/audit', page(anAuditEntry('target.changed')))
  tells('/audit/chain', aChain())
  await openApp('/audit')

  await screen.findByText('1,234 entries, each chained to the one before')
  const link = screen.getByRole('link', { name: 'Export' })
  expect(link.getAttribute('href')).toBe('/api/v3/audit/export')
})

test('an untouched log is said to be unbroken, with a head to note elsewhere', async () => {
  tells('/audit/chain', aChain())
  tells('/audit/verify', aVerdict())
  const { user } = await openApp('/audit')
  await user.click(await verify())

  await screen.findByText('1,234 entries verified, unbroken')
  screen.getByText('1234:abababababab…')
  expect(await axeFindings()).toEqual([])
})

test('what is not as it was written is told in the words of the server', async () => {
  const findings = [4, 5, 6, 7, 8, 9, 10].map((position) => ({
    kind: 'changed' as const,
    detail: `The entry at position ${position} is not what was written.`,
    position,
    until: null,
    entry_id: null,
  }))
  tells('/audit/chain', aChain())
  tells('/audit/verify', aVerdict({ intact: false, findings }))
  const { user } = await openApp('/audit')
  await user.click(await verify())

  const alert = within(await screen.findByRole('alert'))
  alert.getByText('The log is not as it was written')
  alert.getByText('The entry at position 4 is not what was written.')
  alert.getByText('and 2 more; ./opsconductor audit verify has all of them')
  expect(await axeFindings()).toEqual([])
})

test('a log that could not be verified is not said to be well', async () => {
  tells('/audit/chain', aChain())
  refuses('/audit/verify', 503, 'unavailable', 'The database does not answer; try again shortly.')
  const { user } = await openApp('/audit')
  await user.click(await verify())

  const alert = within(await screen.findByRole('alert'))
  alert.getByText('The log could not be verified')
  alert.getByText('The database does not answer; try again shortly.')
})

test('a log that the database does not protect from services is said to be one', async () => {
  tells('/audit/chain', aChain({ protected: false }))
  await openApp('/audit')

  await screen.findByText(/the services’ role owns the log/)
})

test('an empty log has nothing to say about its chain', async () => {
  await openApp('/audit')

  await screen.findByText('Nothing recorded yet')
  expect(screen.queryByText(/chained/)).toBeNull()
})
