import type { RequestHandler } from 'express'
import { z } from 'zod'
import { type FindSessionDeps, findSession } from '../sessions/find-session.ts'
import { type MessagePlace, placeOfMessage, type SessionLog } from '../sessions/session-log.ts'
import { Limit, parseQuery, sessionOf } from './session-params.ts'

export const ListMessagesQuery = z.object({
  limit: Limit,
  after: z
    .string()
    .regex(/^\d{1,9}\.(user|assistant)$/, 'use the id of a message')
    .optional(),
})

/** `GET /v1/sessions/{id}/messages`: questions and answers, oldest first. */
export function listSessionMessages(deps: FindSessionDeps & { log: Pick<SessionLog, 'messages'> }): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    const { limit, after } = parseQuery(ListMessagesQuery, request)
    const page = await deps.log.messages(session, { limit, after: after === undefined ? undefined : placeOf(after) })
    if (page.data.length === 0) await findSession(deps, session)
    response.json({ object: 'list', data: page.data, has_more: page.hasMore })
  }
}

function placeOf(messageId: string): MessagePlace {
  const [turn, role = ''] = messageId.split('.')
  return placeOfMessage({ turn: Number(turn), role })
}
