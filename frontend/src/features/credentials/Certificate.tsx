/** What a certificate says. */
import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Credential } from '@/api/types'
import { WarningIcon } from '@/components/icons'
import { Facts } from '@/components/Page'
import { ToneBadge } from '@/components/Status'
import { Time } from '@/components/Time'
import { useNow } from '@/lib/useNow'

type Certified = NonNullable<Credential['certificate']>

export function CertificateFacts({ certificate }: { certificate: Certified }) {
  const { t } = useTranslation()
  const { key_id, serial, principals, valid_after, valid_before, authority_fingerprint } = certificate
  return (
    <Facts
      rows={[
        [t('credentials.certificateFacts.keyId'), key_id],
        [t('credentials.certificateFacts.serial'), serial],
        [
          t('credentials.certificateFacts.principals'),
          principals.join(', ') || t('credentials.certificateFacts.nobody'),
        ],
        [
          t('credentials.certificateFacts.validFrom'),
          valid_after ? <Time key="from" at={valid_after} /> : null,
        ],
        [
          t('credentials.certificateFacts.validUntil'),
          <Time key="until" at={valid_before} never={t('credentials.certificateFacts.forever')} />,
        ],
        [
          t('credentials.certificateFacts.authority'),
          <Text key="ca" span size="xs" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
            {authority_fingerprint}
          </Text>,
        ],
      ]}
    />
  )
}

/** How long a certificate is good for, in one line. */
export function CertificateEnd({ certificate }: { certificate: Certified }) {
  const { t } = useTranslation()
  const now = useNow(60_000)
  const end = certificate.valid_before
  if (end && Date.parse(end) <= now)
    return (
      <ToneBadge tone="danger" icon={WarningIcon} plain>
        {t('credentials.certificateExpired')}
      </ToneBadge>
    )
  return (
    <Text span inherit c="dimmed">
      {t('credentials.certificateUntil')}{' '}
      <Time at={end} never={t('credentials.certificateFacts.forever')} c="dimmed" />
    </Text>
  )
}
