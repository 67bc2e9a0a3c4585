import { type ApprovalView, errorFromProblem, type Problem, WeftError } from '@weft/contracts'
import type { EndFacts } from './completion-objects.ts'
import { describePause, summarize } from './describe-pause.ts'
import type { TurnEnd } from './end-in-view.ts'

/** How an answer puts a pause to its reader. */
export interface PauseStyle {
  /** Whether what is asked is asked by tool calls, rather than in words. */
  isToolCall: boolean
  linkOf(approval: ApprovalView): string
}

/** An ended turn as an answer: its facts, and what is said in words after what the answer step wrote. */
export interface SpokenEnd extends EndFacts {
  /** Text to show in place of an answer: why the work pauses or stopped; empty for an answer that is complete. */
  notice: string
  /** Whether the approvals are put as tool calls, which the reader answers. */
  isToolCall: boolean
}

/** Throws the turn's failure, with the session named; anything else becomes an answer. */
export function speakEnd(sessionId: string, end: TurnEnd, style: PauseStyle): SpokenEnd {
  const { status, answer, pending, isQueued } = end
  const said = { status, answer, approvals: [], isToolCall: false }
  switch (status) {
    case 'failed':
      if (!isRefused(answer.problem)) throw turnFailure(sessionId, answer.problem)
      return { ...said, notice: `This was not done: ${answer.problem?.message}.` }
    case 'awaiting_approval': {
      const approvals = pending.map(summarize)
      const isToolCall = style.isToolCall && !isQueued && approvals.length > 0
      const notice = isToolCall ? '' : describePause({ sessionId, pending, isQueued, linkOf: style.linkOf })
      return { ...said, approvals, isToolCall, notice }
    }
    case 'cancelled':
      return { ...said, notice: 'This turn was cancelled before it was answered.' }
    case 'completed':
      return { ...said, notice: '' }
  }
}

/** A person said no, or nobody said yes in time: that is an answer, not a failure. */
function isRefused(problem: Problem | undefined): boolean {
  const details = problem?.code === 'conflict' ? problem.details : undefined
  return typeof details === 'object' && details !== null && 'approvalId' in details
}

/** The session has already tried as often as its plan allows: the same request again would only cost again. */
function turnFailure(sessionId: string, failure: Problem | undefined): WeftError {
  const problem = failure ?? { code: 'upstream_error' as const, message: 'no step produced an answer', isRetryable: false }
  return errorFromProblem({ ...problem, message: `${problem.message} (session ${sessionId})`, isRetryable: false })
}

/**
 * The answer was begun, and its agent was lost and the next attempt wrote something else, or its result is another text than it streamed: what was
 * sent cannot be taken back.
 */
export function divergedAnswer(sessionId: string): WeftError {
  const message = `the answer is another than the text that was sent, as its agent began anew or ended otherwise: read it at /v1/sessions/${sessionId}`
  return new WeftError('upstream_error', message, { isRetryable: false, details: { sessionId } })
}

/** It was there when it was asked for. */
export function sessionDeleted(sessionId: string): WeftError {
  return new WeftError('gone', `session ${sessionId} was deleted`)
}

/** Sessions live elsewhere: what was begun goes on without this gateway. */
export function gatewayStopping(): WeftError {
  return new WeftError('dependency_unavailable', 'this gateway is restarting: ask again, or read the session', {
    isRetryable: true,
  })
}
