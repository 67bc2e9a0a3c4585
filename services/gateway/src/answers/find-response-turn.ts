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
 * The turn that a workflow's response is, with its session, also when that keeps it no longer; `view`: the session, where it is known.
 * Throws `not_found` for one that is not there, that its caller wished not to be stored, or that was deleted.
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

/** While the database is away the session is all there is to ask: its responses are worked on and read without it. */
export function isForgotten(
  { responses }: Pick<FindResponseTurnDeps, 'responses'>,
  tenant: string,
  place: TurnPlace,
): Promise<boolean> {
  return settleWithin(responses.isForgotten(tenant, place), storeLimit).catch(() => false)
}
