import { findTurn } from '../core/find-turn.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState } from '../core/session-state.ts'
import type { KnownAgents } from './known-agents.ts'

/** Leaves out what is cited by a capability whose card says that it cites nothing, and says so: its text has been shown already, with numbers that mean nothing. */
export function leaveOutCitations(agents: Pick<KnownAgents, 'mayCite'>, state: SessionState, input: SessionInput): SessionInput {
  if (input.type !== 'outcome' || input.outcome.kind !== 'succeeded' || input.outcome.citations.length === 0) return input
  const turn = findTurn(state, input.turn)
  const agent = turn?.steps[input.stepId]?.agent
  const capability = turn?.plan?.steps.find(({ stepId }) => stepId === input.stepId)?.capability
  if (agent === undefined || capability === undefined || agents.mayCite(agent, capability)) return input
  return { ...input, outcome: { ...input.outcome, citations: [], degraded: ['unsupported_citation'] } }
}
