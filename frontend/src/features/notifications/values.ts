/** What the form of a channel holds, and what is sent of it. */
import type { Channel, ChannelChange, NewChannel } from '@/api/types'
import type { Severity } from './filter'

export interface ChannelValues {
  name: string
  kind: Channel['kind']
  enabled: boolean
  min_severity: Severity
  per_minute: number | ''
  allow_private: boolean
  host: string
  port: number | ''
  security: 'starttls' | 'tls' | 'none'
  username: string
  password: string
  sender: string
  recipients: string[]
  url: string
  signing_key: string
}

export const EMPTY: ChannelValues = {
  name: '',
  kind: 'email',
  enabled: true,
  min_severity: 'info',
  per_minute: 60,
  allow_private: false,
  host: '',
  port: 587,
  security: 'starttls',
  username: '',
  password: '',
  sender: '',
  recipients: [],
  url: '',
  signing_key: '',
}
export const FIELDS = Object.keys(EMPTY)
export const PORTS: Record<ChannelValues['security'], number> = { starttls: 587, tls: 465, none: 25 }

export function valuesOf(channel: Channel): ChannelValues {
  const { name, kind, enabled, min_severity, per_minute, allow_private, email } = channel
  const plain = { ...EMPTY, name, kind, enabled, min_severity, per_minute, allow_private }
  if (!email) return plain
  const { host, port, security, username, sender, recipients } = email
  return { ...plain, host, port, security, username, sender, recipients }
}

export function newChannelOf(values: ChannelValues): NewChannel {
  return { kind: values.kind, ...changeOf(values) } as NewChannel
}

/** A secret that was left empty is not sent, and stays as it is. */
export function changeOf(values: ChannelValues): ChannelChange {
  const { name, enabled, min_severity, per_minute, allow_private } = values
  const plain = { name: name.trim(), enabled, min_severity, per_minute: Number(per_minute), allow_private }
  switch (values.kind) {
    case 'email':
      return { ...plain, email: emailOf(values) }
    case 'webhook':
      return { ...plain, webhook: given({ url: values.url.trim(), signing_key: values.signing_key }) }
    case 'apprise':
      return { ...plain, apprise: given({ url: values.url.trim() }) }
    default:
      return plain
  }
}

function emailOf({ host, port, security, username, password, sender, recipients }: ChannelValues) {
  const server = { host: host.trim(), port: Number(port), security, username: username.trim() }
  return { ...server, sender: sender.trim(), recipients, ...given({ password }) }
}

function given(secrets: Record<string, string>) {
  return Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== ''))
}
