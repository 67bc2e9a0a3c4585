import { setTimeout as sleep } from 'node:timers/promises'
import { toWeftError, type WeftError } from '@weft/contracts'
import { notificationAttemptsMax, notificationDelayMs } from '../core/notification-delay.ts'
import type { Log } from '../log.ts'
import { settleWithin } from '../settle-within.ts'
import type { Notification, NotificationStore } from './notification-store.ts'

export interface NotificationWorkerDeps {
  store: NotificationStore
  deliver: (notification: Notification) => Promise<void>
  logger: Pick<Log, 'warn'>
  /** How often the worker looks for notifications while none is due; default 1 s. */
  pollMs?: number
  /** A delivery that takes longer counts as failed; default 60 s. */
  deliveryMs?: number
  random?: () => number
}

/** How many deliveries run at once, in all and to one target. */
const underwayMax = 32
const targetUnderwayMax = 8
/** Longer than a delivery may take. When a worker dies with a notification in hand, another takes it after this time. */
const leaseMs = 90_000
/** Notifications that were delivered or given up are kept for a week, so that one can find out what became of them. */
const keptMs = 604_800_000
const forgetEveryMs = 3_600_000
/** How long a gateway that stops waits for deliveries. Those that take longer are delivered again by another worker after their lease. */
const stopPatienceMs = 2_000

/** Starts to deliver notifications that are due. Every copy of the gateway does so, but each notification is in the hands of one at a time. */
export function startNotificationWorker(deps: NotificationWorkerDeps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = run(deps, stopping.signal)
  return {
    stop() {
      stopping.abort()
      return running
    },
  }
}

async function run(deps: NotificationWorkerDeps, signal: AbortSignal): Promise<void> {
  const { store, logger, pollMs = 1_000 } = deps
  const underway = new Map<Promise<void>, string>()
  let forgetAtMs = 0
  let failures = 0
  while (!signal.aborted) {
    try {
      if (performance.now() >= forgetAtMs) {
        await store.forget({ keptMs, attemptsMax: notificationAttemptsMax })
        forgetAtMs = performance.now() + forgetEveryMs
      }
      const taken = await takeDue(store, underway)
      for (const notification of taken) {
        const delivery = deliverOne(deps, notification).finally(() => underway.delete(delivery))
        underway.set(delivery, notification.target)
      }
      failures = 0
      if (taken.length > 0) continue
    } catch (cause) {
      failures += 1
      if (failures === 1) logger.warn('notifications were not looked at', { cause: String(cause) })
    }
    await sleep(pollMs * Math.min(30, 2 ** failures), undefined, { signal }).catch(() => undefined)
  }
  await Promise.race([Promise.all(underway.keys()), sleep(stopPatienceMs, undefined, { ref: false })])
}

/** Takes notifications that are due, but for no target more than it may have under way at once, so that a slow receiver never holds up the others. */
async function takeDue(store: NotificationStore, underway: ReadonlyMap<unknown, string>): Promise<Notification[]> {
  const counts = new Map<string, number>()
  for (const target of underway.values()) counts.set(target, (counts.get(target) ?? 0) + 1)
  const busyTargets = [...counts].filter(([, count]) => count >= targetUnderwayMax).map(([target]) => target)
  const others = [...counts.values()].filter((count) => count < targetUnderwayMax)
  // All that is taken may be for the target that has the fewest places left.
  const limit = Math.min(targetUnderwayMax - Math.max(0, ...others), underwayMax - underway.size)
  if (limit === 0) return []
  return store.take({ limit, leaseMs, attemptsMax: notificationAttemptsMax, busyTargets })
}

/** Never fails. A notification whose outcome cannot be written down is delivered again when its lease ends. */
async function deliverOne(deps: NotificationWorkerDeps, notification: Notification): Promise<void> {
  const { store, deliver, logger, deliveryMs = 60_000 } = deps
  const { id, channel, subjectId } = notification
  try {
    const limit = { ms: deliveryMs, what: `the ${channel}` }
    const failure = await settleWithin(deliver(notification), limit).then(() => undefined, toWeftError)
    if (failure === undefined) await store.noteDelivered(id)
    else await noteFailure(deps, notification, failure)
  } catch (cause) {
    logger.warn('what became of a notification was not noted', { channel, subjectId, cause: String(cause) })
  }
}

async function noteFailure(
  { store, logger, random = Math.random }: NotificationWorkerDeps,
  { id, attempts, channel, subjectId }: Notification,
  failure: WeftError,
): Promise<void> {
  const isGivenUp = attempts >= notificationAttemptsMax || (!failure.isRetryable && failure.code !== 'internal_error')
  const retryInMs = isGivenUp ? undefined : notificationDelayMs(attempts, random())
  await store.noteFailed(id, { error: failure.message, retryInMs })
  if (isGivenUp) logger.warn('a notification was given up', { channel, subjectId, attempts, cause: failure.message })
}
