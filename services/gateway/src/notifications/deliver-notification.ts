import { WeftError } from '@weft/contracts'
import { type OutboundLimits, postOutbound, type Sidecar } from '@weft/mesh'
import { approvalLink, type PageLinks } from '../approvals/approval-links.ts'
import { approverOf } from '../core/approver.ts'
import { budgetMail } from '../core/budget-mail.ts'
import { approvalMail, type Mail } from '../core/notification-mail.ts'
import { signWebhook } from '../core/webhook-signature.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { BudgetNews, Notification } from './notification-store.ts'
import type { WebhookStore } from './webhook-store.ts'

export interface DeliverDeps {
  webhooks: Pick<WebhookStore, 'target'>
  keys: Pick<KeyStore, 'findApprover'>
  sidecar: Pick<Sidecar, 'publish'>
  /** undefined when no mail server is set. */
  sendMail: ((mail: Mail & { to: string }) => Promise<void>) | undefined
  links: PageLinks
  /** The address where this gateway listens, for links when no public URL is set. */
  base: string
  outbound: OutboundLimits
  nowMs: () => number
}

/** Delivers one notification. Throws when it cannot; an error that is not retryable means that no later attempt would help. */
export function deliverNotification(deps: DeliverDeps, notification: Notification): Promise<void> {
  switch (notification.channel) {
    case 'pubsub':
      return deps.sidecar.publish(notification.target, { tenant: notification.tenant, ...notification.payload })
    case 'webhook':
      return callWebhook(deps, notification)
    case 'email':
      return sendNotificationMail(deps, notification)
  }
}

async function callWebhook(
  { webhooks, outbound, nowMs }: DeliverDeps,
  { id, tenant, target, payload }: Notification,
): Promise<void> {
  const webhook = await webhooks.target({ tenant, id: target })
  if (webhook === undefined) throw new WeftError('not_found', 'the webhook was removed', { isRetryable: false })
  const body = JSON.stringify(payload)
  const signed = signWebhook({ id: `msg_${id}`, timestamp: Math.floor(nowMs() / 1_000), body }, webhook.secrets)
  const status = await postOutbound(
    { url: webhook.url, headers: { 'content-type': 'application/json', ...signed }, body },
    outbound,
  )
  if (status >= 200 && status < 300) return
  // With 410 the receiver asks not to be called again (Standard Webhooks 1.0).
  throw new WeftError('upstream_error', `the webhook answered ${status}`, { isRetryable: status !== 410 })
}

/** Sends a mail to an address that is also the name of a key that may approve: the link in it decides as that key would, and is valid only while the key is. */
async function sendNotificationMail(deps: DeliverDeps, { tenant, target, payload }: Notification): Promise<void> {
  const { sendMail, keys, links, base } = deps
  if (sendMail === undefined) throw new WeftError('conflict', 'no mail server is set (WEFT_SMTP_URL)', { isRetryable: false })
  if (isBudgetNews(payload)) {
    await sendMail({ to: target, ...budgetMail(payload.data) })
    return
  }
  const approver = await keys.findApprover({ tenant, name: target })
  if (approver === undefined) {
    const message = `no key named ${target} may approve: make one with weft keys create`
    throw new WeftError('permission_denied', message, { isRetryable: false })
  }
  const approval = payload.data
  const link = approvalLink(links, { base, tenant, approval, by: approverOf(approver), keyId: approver.keyId })
  await sendMail({ to: target, ...approvalMail(approval, link) })
}

function isBudgetNews(payload: Notification['payload']): payload is BudgetNews {
  return payload.type === 'budget.alert'
}
