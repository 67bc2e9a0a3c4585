import { hasCode, type SessionView, type TurnView } from '@weft/contracts'
import { noSuchResponse, type TurnPlace, turnResponseId } from '../core/response-id.ts'
import { settleWithin } from '../settle-within.ts'
import type { SessionRef } from '../sessions/dapr-sessions.ts'
import { type FindSessionDeps, findSession } from '../sessions/find-session.ts'
import { restoreView } from '../sessions/restore-view.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import type { ResponseStore } from './response-store.ts'

export interface FindResponseTurnDeps extends FindSessionDeps {
  log: Pick<SessionLog, 'find' | 'eventsAfter'>
  responses: Pick<ResponseStore, 'isForgotten'>
}

const storeLimit = { ms: 3_000, what: 'the database' }

/**
 * Finds the turn behind the response of a workflow, with its session, also if the session no longer keeps the turn. `view`: the session, if it was read
 * already. Throws `not_found` when there is no such turn, and when its response was deleted or not to be stored.
 */
export async function findResponseTurn(
  deps: FindResponseTurnDeps,
  { turn: wanted, view: known, ...session }: SessionRef & { turn: number; view?: SessionView | undefined },
): Promise<{ session: SessionView; turn: TurnView }> {
  const missing = noSuchResponse(turnResponseId({ sessionId: session.sessionId, turn: wanted }))
  const looked = known === undefined ? findSession(deps, session) : { view: known, summary: undefined }
  const forgotten = isForgotten(deps, session.tenant, { sessionId: session.sessionId, turn: wanted })
  const found = await Promise.resolve(looked).catch((thrown: unknown) => {
    throw hasCode(thrown, 'not_found') ? missing : thrown
  })
  const view = await restoreView(deps.log, session, found)
  const turn = view.turns.find((candidate) => candidate.turn === wanted)
  if (turn === undefined || turn.isStored === false || (await forgotten)) throw missing
  return { session: view, turn }
}

/** Whether the response of a turn was deleted. While the database is away that is not known, and it counts as not deleted: the session alone is asked then. */
export function isForgotten(
  { responses }: Pick<FindResponseTurnDeps, 'responses'>,
  tenant: string,
  place: TurnPlace,
): Promise<boolean> {
  return settleWithin(responses.isForgotten(tenant, place), storeLimit).catch(() => false)
}
