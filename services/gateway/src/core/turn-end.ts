import { errorFromProblem, WeftError } from '@weft/contracts'
import type { TurnEnd } from './assemble-turn.ts'
import type { EndFacts } from './completion-objects.ts'
import { describePause, pendingApprovals } from './describe-pause.ts'

/** An ended turn as an answer: its facts, and what is said in words after what the answer step wrote. */
export interface SpokenEnd extends EndFacts {
  /** Text to show in place of an answer: why the work pauses or stopped; empty for an answer that is complete. */
  notice: string
}

/** Throws the turn's failure, with the session named; anything else becomes an answer. */
export function speakEnd(sessionId: string, end: TurnEnd): SpokenEnd {
  switch (end.status) {
    case 'failed':
      throw turnFailure(sessionId, end)
    case 'awaiting_approval': {
      const approvals = end.view === undefined ? [] : pendingApprovals(end.view)
      return { status: end.status, answer: end.answer, approvals, notice: describePause(sessionId, approvals) }
    }
    case 'cancelled':
      return { status: end.status, answer: end.answer, approvals: [], notice: 'This turn was cancelled before it was answered.' }
    case 'completed':
      return { status: end.status, answer: end.answer, approvals: [], notice: '' }
  }
}

/** The session has already tried as often as its plan allows: the same request again would only cost again. */
function turnFailure(sessionId: string, { answer }: TurnEnd): WeftError {
  const problem = answer.problem ?? { code: 'upstream_error' as const, message: 'no step produced an answer', isRetryable: false }
  return errorFromProblem({ ...problem, message: `${problem.message} (session ${sessionId})`, isRetryable: false })
}

/** The answer was begun, its agent was lost, and the next attempt wrote something else: what was sent cannot be taken back. */
export function divergedAnswer(sessionId: string): WeftError {
  const message = `the answer was interrupted and is being written anew: read it at /v1/sessions/${sessionId}`
  return new WeftError('upstream_error', message, { isRetryable: false, details: { sessionId } })
}

/** Sessions live elsewhere: what was begun goes on without this gateway. */
export function gatewayStopping(): WeftError {
  return new WeftError('dependency_unavailable', 'this gateway is restarting: ask again, or read the session', {
    isRetryable: true,
  })
}
