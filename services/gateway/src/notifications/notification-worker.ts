import { toWeftError } from '@weft/contracts'
import type { Log } from '../log.ts'
import { notificationAttemptsMax, notificationDelayMs } from '../core/notification-delay.ts'
import type { Notification, NotificationStore } from './notification-store.ts'

export interface NotificationWorkerDeps {
  store: NotificationStore
  deliver: (notification: Notification) => Promise<void>
  logger: Pick<Log, 'warn'>
  /** How often it looks while nothing is due; default 1 s. */
  pollMs?: number
  random?: () => number
}

const takenMax = 20
/** Longer than a delivery may take: whoever died with a notification in hand leaves it to the next. */
const leaseMs = 60_000

/** Delivers what is due, from any copy of the gateway, each notification by one of them at a time. */
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
  let failures = 0
  while (!signal.aborted) {
    try {
      const taken = await deps.store.take({ limit: takenMax, leaseMs, attemptsMax: notificationAttemptsMax })
      await Promise.all(taken.map((notification) => deliverOne(deps, notification)))
      failures = 0
      if (taken.length > 0) continue
    } catch (cause) {
      failures += 1
      if (failures === 1) deps.logger.warn('notifications were not looked at', { cause: String(cause) })
    }
    await pause((deps.pollMs ?? 1_000) * Math.min(30, 2 ** failures), signal)
  }
}

async function deliverOne({ store, deliver, logger, random = Math.random }: NotificationWorkerDeps, notification: Notification) {
  const { id, attempts, channel, approvalId } = notification
  try {
    await deliver(notification)
    await store.noteDelivered(id)
  } catch (thrown) {
    const error = toWeftError(thrown)
    const isGivenUp = attempts >= notificationAttemptsMax || (!error.isRetryable && error.code !== 'internal_error')
    const retryInMs = isGivenUp ? undefined : notificationDelayMs(attempts, random())
    await store.noteFailed(id, { error: error.message, retryInMs })
    if (isGivenUp) logger.warn('a notification was given up', { channel, approvalId, attempts, cause: error.message })
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms)
    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end)
  })
}
