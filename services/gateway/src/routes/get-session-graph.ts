import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { sessionGraph } from '../core/session-graph.ts'
import { type FindSessionDeps, findSession } from '../sessions/find-session.ts'
import { restoreView } from '../sessions/restore-view.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import { queryInteger } from './query-integer.ts'
import { parseQuery, sessionOf } from './session-params.ts'

export const GraphQuery = z.object({ turn: queryInteger({ min: 1, max: Number.MAX_SAFE_INTEGER }).optional() })

/** `GET /v1/sessions/{id}/graph?turn=`: the plan of a turn as a Mermaid flowchart; default: of the newest turn. */
export function getSessionGraph(deps: FindSessionDeps & { log: Pick<SessionLog, 'eventsAfter'> }): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    const { turn } = parseQuery(GraphQuery, request)
    const { turns } = await restoreView(deps.log, session, await findSession(deps, session))
    const shown = turn === undefined ? turns.at(-1) : turns.find((candidate) => candidate.turn === turn)
    if (shown === undefined) throw new WeftError('not_found', 'the session has no such turn', { param: 'turn' })
    response.type('text/vnd.mermaid; charset=utf-8').send(sessionGraph(shown))
  }
}
