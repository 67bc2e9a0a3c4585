import { setTimeout as wait } from 'node:timers/promises'
import { errorMessage, hasCode } from '@weft/contracts'
import type { Log } from '../log.ts'
import { isPassing } from '../retry-briefly.ts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'
import type { RefusedTurn, RefusedTurns } from './refused-turns.ts'

export interface CancelRefusedDeps {
  sessions: Pick<Sessions, 'cancelRequest'>
  refusedTurns: RefusedTurns
  logger: Pick<Log, 'info' | 'warn'>
  /** How long is waited before each try. Default: at once, and until a minute and a half after the refusal. */
  cancelDelaysMs?: number[]
}

/** A session takes a turn late when its process was stopped for a while or its mesh has much to do. */
const defaultDelaysMs = [0, 5_000, 25_000, 60_000]
const leftEveryMs = 60_000

/**
 * Cancels a turn that its client was told was not taken, should the session have taken it or take it yet: nobody waits for its answer, which would cost money.
 * Goes on in the background; should this process end before that is done, another gateway, or the next one, does it (`startCancellingLeft`).
 */
export function cancelRefused(deps: CancelRefusedDeps, { tenant, sessionId }: SessionRef, idempotencyKey: string): void {
  void cancelOnceTaken(deps, { tenant, sessionId, idempotencyKey })
}

async function cancelOnceTaken(deps: CancelRefusedDeps, turn: RefusedTurn): Promise<void> {
  const { refusedTurns, logger, cancelDelaysMs = defaultDelaysMs } = deps
  const noted = refusedTurns.note(turn).catch((cause: unknown) => {
    logger.warn('a refused turn was not noted', { sessionId: turn.sessionId, cause: errorMessage(cause) })
  })
  let found: Found = 'not taken'
  for (const delayMs of cancelDelaysMs) {
    await wait(delayMs, undefined, { ref: false })
    found = await cancelIfTaken(deps, turn)
    if (found === 'settled') break
  }
  await noted
  // What could not be asked for is left to whoever looks at what is left.
  if (found !== 'unreachable') await refusedTurns.forget(turn).catch(() => undefined)
}

/**
 * At the start, and a minute after each time that it was done, cancels what gateways have refused that ended before it was certain not to run. `stop` resolves when
 * the session that is asked has answered.
 */
export function startCancellingLeft(deps: CancelRefusedDeps, everyMs = leftEveryMs): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const cancelling = (async () => {
    while (!stopping.signal.aborted) {
      await cancelLeft(deps, stopping.signal)
      await wait(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  })()
  return {
    stop() {
      stopping.abort()
      return cancelling
    },
  }
}

async function cancelLeft(deps: CancelRefusedDeps, stopping: AbortSignal): Promise<void> {
  try {
    for (const turn of await deps.refusedTurns.left()) {
      if (stopping.aborted) return
      if ((await cancelIfTaken(deps, turn)) !== 'unreachable') await deps.refusedTurns.forget(turn)
    }
  } catch (cause) {
    deps.logger.warn('refused turns were not looked for', { cause: errorMessage(cause) })
  }
}

type Found = 'settled' | 'not taken' | 'unreachable'

async function cancelIfTaken({ sessions, logger }: CancelRefusedDeps, turn: RefusedTurn): Promise<Found> {
  const { idempotencyKey, ...session } = turn
  try {
    if (!(await sessions.cancelRequest(session, idempotencyKey))) return 'not taken'
    logger.info('a turn that was taken after its client was refused is cancelled', session)
    return 'settled'
  } catch (cause) {
    if (hasCode(cause, 'not_found')) return 'not taken'
    if (isPassing(cause)) return 'unreachable'
    logger.warn('a turn whose client was refused could not be cancelled', { ...session, cause: String(cause) })
    return 'settled'
  }
}
