import type { RequestHandler } from 'express'
import { z } from 'zod'
import { sessionMarkdown } from '../core/session-markdown.ts'
import { type FindSessionDeps, findSession } from '../find-session.ts'
import type { SessionLog } from '../session-log.ts'
import { parseQuery, sessionOf } from './session-params.ts'

export const ExportQuery = z.object({ format: z.enum(['json', 'md'], 'json and md are available').default('json') })

/** Messages of one document at most. */
const messagesMax = 2_000

/** `GET /v1/sessions/{id}/export?format=`: a session as JSON with everything that is known of it, or as Markdown to read. */
export function exportSession(deps: FindSessionDeps & { log: Pick<SessionLog, 'messages'> }): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    const { format } = parseQuery(ExportQuery, request)
    const { view, summary } = await findSession(deps, session)
    const { data: messages } = await deps.log.messages(session, { limit: messagesMax, after: undefined })
    response.attachment(`${session.sessionId}.${format}`)
    if (format === 'json') response.json({ ...summary, ...view, messages })
    else
      response
        .type('text/markdown; charset=utf-8')
        .send(sessionMarkdown({ id: session.sessionId, title: summary?.title ?? '', messages }))
  }
}
