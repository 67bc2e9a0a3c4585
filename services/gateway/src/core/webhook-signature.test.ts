import { expect, it } from '@jest/globals'
import { Webhook } from 'standardwebhooks'
import { newWebhookSecret, signWebhook } from './webhook-signature.ts'

const message = { id: 'msg_1', timestamp: Math.floor(Date.now() / 1_000), body: '{"type":"approval.requested"}' }

it('is accepted by the published verifier, with the old secret and with the new one while they change', () => {
  const [old, fresh] = [newWebhookSecret(), newWebhookSecret()]
  const headers = signWebhook(message, [fresh, old])
  for (const secret of [old, fresh]) {
    expect(new Webhook(secret).verify(message.body, headers)).toEqual({ type: 'approval.requested' })
  }
})

it('is refused for another body, another secret, or much later', () => {
  const secret = newWebhookSecret()
  const headers = signWebhook(message, [secret])
  expect(() => new Webhook(secret).verify('{"type":"approval.decided"}', headers)).toThrow()
  expect(() => new Webhook(newWebhookSecret()).verify(message.body, headers)).toThrow()
  const late = signWebhook({ ...message, timestamp: message.timestamp - 3_600 }, [secret])
  expect(() => new Webhook(secret).verify(message.body, late)).toThrow()
})
