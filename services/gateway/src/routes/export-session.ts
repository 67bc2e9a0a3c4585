import type { RequestHandler } from 'express'
import { z } from 'zod'
import { documentMarkdown } from '../core/document-markdown.ts'
import { sessionDocument } from '../core/session-document.ts'
import { type FindSessionDeps, findSession } from '../sessions/find-session.ts'
import { readConversation } from '../sessions/read-conversation.ts'
import { restoreView } from '../sessions/restore-view.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import { writePdf } from '../sessions/write-pdf.ts'
import { parseQuery, sessionOf } from './session-params.ts'

export const ExportQuery = z.object({ format: z.enum(['json', 'md', 'pdf'], 'json, md and pdf are available').default('json') })

/** `GET /v1/sessions/{id}/export?format=`: a session as JSON with everything that is known of it, or as Markdown or PDF for readers. */
export function exportSession(deps: FindSessionDeps & { log: Pick<SessionLog, 'messages' | 'eventsAfter'> }): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    const { format } = parseQuery(ExportQuery, request)
    const found = await findSession(deps, session)
    const view = await restoreView(deps.log, session, found)
    const { messages, isCut } = await readConversation(deps.log, session)
    const { sessionId: id } = session
    response.attachment(`${id}.${format}`)
    if (format === 'json') {
      response.json({ ...found.summary, ...view, messages, hasMoreMessages: isCut })
      return
    }
    const title = found.summary?.title ?? ''
    const document = sessionDocument({ id, title, messages, turns: view.turns, isCut })
    if (format === 'md') response.type('text/markdown; charset=utf-8').send(documentMarkdown(document))
    else await writePdf(document, { title: title === '' ? `Session ${id}` : title, to: response.type('application/pdf') })
  }
}
