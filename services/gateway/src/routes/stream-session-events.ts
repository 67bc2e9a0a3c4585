import type { RequestHandler } from 'express'
import { z } from 'zod'
import { failStream } from '../http/fail-stream.ts'
import type { OpenStreams } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import { createSseStream } from '../http/sse-stream.ts'
import type { Log } from '../log.ts'
import { retryBriefly } from '../retry-briefly.ts'
import type { SessionRef, Sessions } from '../sessions/dapr-sessions.ts'
import { type FindSessionDeps, findLog } from '../sessions/find-session.ts'
import { followEvents } from '../sessions/follow-events.ts'
import type { ReplyHub } from '../sessions/reply-hub.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import { lastEventId, parseQuery, Seq, sessionOf } from './session-params.ts'

export interface StreamEventsDeps extends FindSessionDeps {
  sessions: Pick<Sessions, 'view' | 'attach'>
  log: Pick<SessionLog, 'find' | 'eventsAfter' | 'tail'>
  hub: Pick<ReplyHub, 'follow'>
  streams: Pick<OpenStreams, 'open'>
  replyTopic: string
  logger: Pick<Log, 'warn' | 'error'>
}

export const EventsQuery = z.object({ after: Seq.optional(), follow: z.enum(['true', 'false']).default('false') })

/** `GET /v1/sessions/{id}/events`: the event log as Server-Sent Events; `Last-Event-ID` or `?after=` resumes on any gateway. */
export function streamSessionEvents(deps: StreamEventsDeps): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    const { after, follow } = parseQuery(EventsQuery, request)
    const afterSeq = lastEventId(request) ?? after ?? 0
    const { lastSeq } = await findLog(deps, session)
    const open = deps.streams.open(identityOf(response), response)
    const inbox = deps.hub.follow(session)
    const attach = attachOneByOne(() => attachPatiently(deps, session, open.signal), open.signal)
    attach()
    const sse = createSseStream(response, open)
    sse.start()
    try {
      const { log } = deps
      const { signal } = open
      for await (const message of followEvents({
        session,
        log,
        inbox,
        afterSeq,
        expectedSeq: lastSeq,
        onTurn: attach,
        isFollowing: follow === 'true',
        signal,
      }))
        await sse.send(message)
      const reason = open.endReason()
      if (reason !== undefined) throw reason
      sse.end()
    } catch (thrown) {
      failStream({ sse, response, logger: deps.logger }, thrown)
    } finally {
      inbox.close()
    }
  }
}

/** Lets only one `attach` run at a time, and another after it if one was asked for meanwhile. Needed because reading a long log asks for one with each turn. */
function attachOneByOne(attach: () => Promise<void>, signal: AbortSignal): () => void {
  let isAttaching = false
  let isWanted = false
  async function attachWhileWanted(): Promise<void> {
    isAttaching = true
    while (isWanted && !signal.aborted) {
      isWanted = false
      await attach()
    }
    isAttaching = false
  }
  return () => {
    isWanted = true
    if (!isAttaching) void attachWhileWanted()
  }
}

const attachPatienceMs = 15_000

/** Asks the session to send live text here. When that fails, events still come from the log, only later and without text. */
async function attachPatiently(
  { sessions, replyTopic, logger }: StreamEventsDeps,
  session: SessionRef,
  signal: AbortSignal,
): Promise<void> {
  try {
    await retryBriefly(async () => signal.aborted || sessions.attach(session, replyTopic, 'text'), attachPatienceMs)
  } catch (cause) {
    logger.warn('live events are not attached', { cause: String(cause) })
  }
}
