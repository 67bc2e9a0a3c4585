import { setTimeout as wait } from 'node:timers/promises'
import { hasCode } from '@weft/contracts'
import type { Log } from '../log.ts'
import { isPassing } from '../retry-briefly.ts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'

export interface CancelRefusedDeps {
  sessions: Pick<Sessions, 'cancelRequest'>
  logger: Pick<Log, 'info' | 'warn'>
  /** How long is waited before each try. Default: at once, and until a minute and a half after the refusal. */
  cancelDelaysMs?: number[]
}

/** A session takes a turn late when its process was stopped for a while or its mesh has much to do. */
const defaultDelaysMs = [0, 5_000, 25_000, 60_000]

/**
 * Cancels a turn that its client was told was not taken, should the session have taken it or take it yet: nobody waits for its answer, which would cost money.
 * Goes on in the background, and not beyond the end of this process.
 */
export function cancelRefused(deps: CancelRefusedDeps, { tenant, sessionId }: SessionRef, idempotencyKey: string): void {
  void cancelOnceTaken(deps, { tenant, sessionId }, idempotencyKey)
}

async function cancelOnceTaken(deps: CancelRefusedDeps, session: SessionRef, idempotencyKey: string): Promise<void> {
  const { sessions, logger, cancelDelaysMs = defaultDelaysMs } = deps
  for (const delayMs of cancelDelaysMs) {
    await wait(delayMs, undefined, { ref: false })
    try {
      if (!(await sessions.cancelRequest(session, idempotencyKey))) continue
      logger.info('a turn that was taken after its client was refused is cancelled', session)
      return
    } catch (cause) {
      if (isPassing(cause) || hasCode(cause, 'not_found')) continue
      logger.warn('a turn whose client was refused could not be cancelled', { ...session, cause: String(cause) })
      return
    }
  }
}
