import type { SessionView } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { documentMarkdown } from '../core/document-markdown.ts'
import { sessionDocument } from '../core/session-document.ts'
import type { SessionRef } from '../dapr-sessions.ts'
import { type FindSessionDeps, findSession } from '../find-session.ts'
import { restoreView } from '../restore-view.ts'
import type { SessionLog } from '../session-log.ts'
import { writePdf } from '../write-pdf.ts'
import { parseQuery, sessionOf } from './session-params.ts'

export const ExportQuery = z.object({ format: z.enum(['json', 'md', 'pdf'], 'json, md and pdf are available').default('json') })

/** Messages of one document at most. */
const messagesMax = 2_000

/** `GET /v1/sessions/{id}/export?format=`: a session as JSON with everything that is known of it, or as Markdown or PDF to read. */
export function exportSession(deps: FindSessionDeps & { log: Pick<SessionLog, 'messages' | 'eventsAfter'> }): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    const { format } = parseQuery(ExportQuery, request)
    const found = await findSession(deps, session)
    const view = await restoreView(deps.log, session, found)
    const messages = await readMessages(deps.log, session, view)
    const { sessionId: id } = session
    response.attachment(`${id}.${format}`)
    if (format === 'json') {
      response.json({ ...found.summary, ...view, messages })
      return
    }
    const title = found.summary?.title ?? ''
    const document = sessionDocument({ id, title, messages, turns: view.turns })
    if (format === 'md') response.type('text/markdown; charset=utf-8').send(documentMarkdown(document))
    else await writePdf(document, { title: title === '' ? `Session ${id}` : title, to: response.type('application/pdf') })
  }
}

const behindMaxMs = 2_000
const lookMs = 50

/** What was said. The log is a moment behind the session: the newest answer is waited for, so that no document lacks it. */
async function readMessages(log: Pick<SessionLog, 'messages'>, session: SessionRef, { turns }: SessionView) {
  const answered = turns.findLast(({ status }) => status === 'completed')?.turn
  for (let waitedMs = 0; ; waitedMs += lookMs) {
    const { data, hasMore } = await log.messages(session, { limit: messagesMax, after: undefined })
    const isWhole = answered === undefined || hasMore || data.some(({ turn, role }) => turn === answered && role === 'assistant')
    if (isWhole || waitedMs >= behindMaxMs) return data
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}
