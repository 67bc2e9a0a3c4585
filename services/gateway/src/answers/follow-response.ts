import type { ServerResponse } from 'node:http'
import type { SessionView, TurnView } from '@weft/contracts'
import type { TurnOutput } from '../core/turn-output.ts'
import { endInView, type TurnEnd } from '../core/end-in-view.ts'
import { searchOfTurn } from '../core/search-made.ts'
import type { PauseStyle } from '../core/turn-end.ts'
import { unixSeconds } from '../core/unix-seconds.ts'
import type { OpenStreams } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import type { Log } from '../log.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import { followTurn } from '../sessions/follow-turn.ts'
import type { ReplyHub } from '../sessions/reply-hub.ts'
import { withDroppedTurn } from '../sessions/restore-view.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import { wishOf } from './response-of-turn.ts'
import { resultsWish, type TellResults } from './search-results.ts'
import { speakResponse } from './speak-response.ts'

export interface FollowResponseDeps {
  sessions: Pick<Sessions, 'view' | 'attach'>
  log: Pick<SessionLog, 'turnEnds'>
  hub: Pick<ReplyHub, 'follow'>
  streams: Pick<OpenStreams, 'open'>
  telemetry: { logger: Pick<Log, 'error' | 'warn'> }
  replyTopic: string
}

export interface FollowedResponse {
  found: { session: SessionView; turn: TurnView }
  startingAfter: number | undefined
  include: readonly string[]
  tellResults: TellResults
  linkOf: PauseStyle['linkOf']
  response: ServerResponse
}

/** Streams a response in the background to its end: from its beginning, or after the event numbered `startingAfter`. */
export async function followResponse(deps: FollowResponseDeps, call: FollowedResponse): Promise<void> {
  const { found, startingAfter, include, tellResults, linkOf, response } = call
  const { turn, model, acceptedAt, onPause, traceId = '' } = found.turn
  const { tenant } = identityOf(response)
  const session = { tenant, sessionId: found.session.id }
  const open = deps.streams.open(identityOf(response), response)
  const inbox = deps.hub.follow(session)
  const outputs = followTurn({
    session,
    turn,
    // The turn may have ended since it was found, so that the session is asked at once.
    isRepeat: true,
    isStreamed: true,
    decided: new Set(),
    inbox,
    sessions: withDroppedTurn(deps, turn),
    isPauseEnd: onPause !== 'wait',
    tellsSearch: found.turn.showsSearch !== true ? 'nothing' : include.includes(resultsWish) ? 'results' : 'queries',
    signal: open.signal,
  })
  const place = { sessionId: session.sessionId, turn, traceId }
  const end = endInView(found.session, found.turn)
  const hasEnded = end !== undefined && (end.status !== 'awaiting_approval' || onPause !== 'wait')
  try {
    // Not needed for the answer: without replies the session is asked now and then.
    if (!hasEnded) await deps.sessions.attach(session, deps.replyTopic, 'text').catch(() => undefined)
    await speakResponse(
      { wish: { ...wishOf(place, found.turn), stream: true }, isBackground: true, startingAfter, tellResults },
      {
        response,
        open,
        logger: deps.telemetry.logger,
        identity: { id: '', model, created: unixSeconds(acceptedAt), includesUsage: false },
        place,
        showsProgress: false,
        pauses: { isToolCall: onPause === 'tool_call', linkOf },
        outputs: hasEnded ? ended(found.turn, end) : outputs,
      },
    )
  } finally {
    inbox.close()
  }
}

async function* ended(turn: TurnView, end: TurnEnd): AsyncGenerator<TurnOutput> {
  const search = searchOfTurn(turn)
  if (search !== undefined) yield { type: 'search', search }
  yield { type: 'end', end }
}
