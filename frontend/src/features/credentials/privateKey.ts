/** A look at a pasted key before it is sent: the common slips are a public key and half a file. */
export type KeyProblem = 'not_a_key' | 'public_key'

export function keyProblem(text: string): KeyProblem | undefined {
  const key = text.trim()
  if (/^(ssh-(ed25519|rsa|dss)|ecdsa-sha2-|sk-)/.test(key) || key.includes('PUBLIC KEY')) return 'public_key'
  const whole = /^-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----[\s\S]+-----END \1PRIVATE KEY-----$/.test(key)
  return whole ? undefined : 'not_a_key'
}

/** Bytes; the largest RSA keys in use are about 13 KiB. */
export const LARGEST_KEY = 64 * 1024
