import { hasCode, type SessionView, type TurnView } from '@weft/contracts'
import { noSuchResponse, turnResponseId } from '../core/response-id.ts'
import type { SessionRef } from '../sessions/dapr-sessions.ts'
import { type FindSessionDeps, findSession } from '../sessions/find-session.ts'
import { restoreView } from '../sessions/restore-view.ts'
import type { SessionLog } from '../sessions/session-log.ts'

export interface FindResponseTurnDeps extends FindSessionDeps {
  log: Pick<SessionLog, 'find' | 'eventsAfter'>
}

/**
 * The turn that a workflow's response is, with its session, also when that keeps it no longer; `view`: the session, where it is known.
 * Throws `not_found` for one that is not there.
 */
export async function findResponseTurn(
  deps: FindResponseTurnDeps,
  { turn: wanted, view: known, ...session }: SessionRef & { turn: number; view?: SessionView | undefined },
): Promise<{ session: SessionView; turn: TurnView }> {
  const missing = noSuchResponse(turnResponseId({ sessionId: session.sessionId, turn: wanted }))
  const looked = known === undefined ? findSession(deps, session) : { view: known, summary: undefined }
  const found = await Promise.resolve(looked).catch((thrown: unknown) => {
    throw hasCode(thrown, 'not_found') ? missing : thrown
  })
  const view = await restoreView(deps.log, session, found)
  const turn = view.turns.find((candidate) => candidate.turn === wanted)
  if (turn === undefined) throw missing
  return { session: view, turn }
}
