import { createHmac, randomBytes } from 'node:crypto'

const secretPrefix = 'whsec_'

/** A new signing secret: 192 random bits, written as Standard Webhooks asks. */
export function newWebhookSecret(): string {
  return `${secretPrefix}${randomBytes(24).toString('base64')}`
}

export interface SignedMessage {
  /** The same for every attempt, so that a receiver can tell a repetition. */
  id: string
  /** Seconds since 1970. */
  timestamp: number
  body: string
}

/**
 * The headers that sign a message (Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`). One signature a secret: while one is being
 * replaced, receivers with either accept the message.
 */
export function signWebhook({ id, timestamp, body }: SignedMessage, secrets: string[]): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(secretPrefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
