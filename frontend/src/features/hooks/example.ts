/** How a request to a hook is sent from a shell, with its secret in the variable SECRET. */
import type { Hook, MadeHookSecret } from '@/api/types'

type Place = Pick<Hook, 'method' | 'url'>

export function exampleOf({ method, url }: Place, protection: MadeHookSecret['protection']): string {
  const body = method === 'GET' || method === 'DELETE' ? '' : '{"hello": "hook"}'
  const send = [
    `curl -X ${method}`,
    ...proofs[protection],
    ...(body ? ['-H "Content-Type: application/json"', '--data-binary "$BODY"'] : []),
    quoted(url),
  ].join(' \\\n  ')
  const needsBody = body !== '' || protection !== 'token'
  return [...(needsBody ? [`BODY=${quoted(body)}`] : []), ...steps[protection], send].join('\n')
}

const OPENSSL = `openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1`

const steps: Record<MadeHookSecret['protection'], string[]> = {
  token: [],
  hmac: ['AT=$(date +%s)', `SIGNATURE=$(printf '%s.%s' "$AT" "$BODY" | ${OPENSSL})`],
  github: [`SIGNATURE=$(printf '%s' "$BODY" | ${OPENSSL})`],
  open: [],
}

const proofs: Record<MadeHookSecret['protection'], string[]> = {
  token: ['-H "Authorization: Bearer $SECRET"'],
  hmac: ['-H "X-Hook-Timestamp: $AT"', '-H "X-Hook-Signature: sha256=$SIGNATURE"'],
  github: ['-H "X-GitHub-Delivery: $(uuidgen)"', '-H "X-Hub-Signature-256: sha256=$SIGNATURE"'],
  open: [],
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
