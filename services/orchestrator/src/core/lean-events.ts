import type { SessionEvent } from '@weft/contracts'
import type { z } from 'zod'
import type { HeadEvent } from './session-head.ts'
import type { SessionState, TurnState } from './session-state.ts'

/** An event as it waits in its session's head, which is written with every commit: without what the session and its turn hold anyway. */
export function leanEvent({ sessionId, plan, ...rest }: SessionEvent, state: SessionState): z.input<typeof HeadEvent> {
  const own = sessionId === state.sessionId ? {} : { sessionId }
  if (plan === undefined) return { ...rest, ...own }
  const isTurns = rest.type === 'plan.ready' && findPlan(state.turns, rest.turn) === plan
  return { ...rest, ...own, ...(isTurns ? {} : { plan }) }
}

/** As it was logged. */
export function wholeEvent(
  { sessionId, ...event }: z.infer<typeof HeadEvent>,
  state: { sessionId: string; turns: TurnState[] },
): SessionEvent {
  const whole = { ...event, sessionId: sessionId ?? state.sessionId }
  if (event.type !== 'plan.ready' || event.plan !== undefined) return whole
  return { ...whole, plan: findPlan(state.turns, event.turn) }
}

function findPlan(turns: TurnState[], turn: number): unknown {
  return turns.find((candidate) => candidate.turn === turn)?.plan
}
