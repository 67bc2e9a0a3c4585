import type { RequestHandler } from 'express'
import type { AuditLog } from '../audit/audit-log.ts'
import { actorOf } from '../http/request-context.ts'
import { retryBriefly } from '../retry-briefly.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import type { ReplyHub } from '../sessions/reply-hub.ts'
import { sessionOf } from './session-params.ts'

export interface DeleteSessionDeps {
  sessions: Pick<Sessions, 'delete'>
  hub: Pick<ReplyHub, 'deliver'>
  audit: Pick<AuditLog, 'note'>
}

/**
 * `DELETE /v1/sessions/{id}`: ends what runs, deletes the session and ends its streams. Deleting it again changes nothing, but each request is in the audit log.
 */
export function deleteSession({ sessions, hub, audit }: DeleteSessionDeps): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    await retryBriefly(() => audit.note(actorOf(response), { action: 'session.deleted', target: session.sessionId }))
    await retryBriefly(() => sessions.delete(session))
    // So that the streams of this gateway end at once; those of other gateways end when they next read the log.
    hub.deliver({ items: [{ kind: 'end', ...session, turn: 1, status: 'cancelled' }] })
    response.json({ id: session.sessionId, object: 'session', deleted: true })
  }
}
