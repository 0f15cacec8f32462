/** A script to begin with: short, useful, harmless, and with a parameter of each common kind. */
import type { NewScript } from '@/api/types'

const TEXT = `#!/bin/sh
# Warns about file systems that are nearly full.
set -eu

df -P | awk -v limit="$LIMIT" -v local_only="$LOCAL_ONLY" '
  NR == 1 { next }
  local_only == "true" && $1 !~ "^/dev/" { next }
  { used = $5; sub("%", "", used) }
  used + 0 >= limit + 0 { printf "%s is %s full\\n", $6, $5; found = 1 }
  END { exit found }
'
echo "nothing is fuller than $LIMIT %"
`

export const EXAMPLE: NewScript = {
  name: 'check disk space',
  description: 'Fails where a file system is fuller than the limit.',
  interpreter: 'sh',
  content: TEXT,
  parameters: [
    {
      type: 'number',
      name: 'LIMIT',
      label: 'Limit in percent',
      default: 90,
      min: 1,
      max: 100,
      integer: true,
      required: true,
    },
    { type: 'boolean', name: 'LOCAL_ONLY', label: 'Local disks only', default: true },
  ],
  os_types: ['linux'],
  tags: ['disk'],
  timeout: 60,
}
