import { parseValue, toWeftError } from '@weft/contracts'
import { findTurn } from '../core/find-turn.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState } from '../core/session-state.ts'
import type { KnownAgents } from './known-agents.ts'

/**
 * Turns a result that does not fit the output schema of the agent's card into a failure, before the steps that depend on it see it. It is not tried again,
 * because the agent would answer with the result it kept; its usage stays on the step.
 */
export function checkOutput(agents: Pick<KnownAgents, 'outputOf'>, state: SessionState, input: SessionInput): SessionInput {
  if (input.type !== 'outcome' || input.outcome.kind !== 'succeeded') return input
  const turn = findTurn(state, input.turn)
  const agent = turn?.steps[input.stepId]?.agent
  const capability = turn?.plan?.steps.find(({ stepId }) => stepId === input.stepId)?.capability
  const schema = agent === undefined || capability === undefined ? undefined : agents.outputOf(agent, capability)
  if (schema === undefined) return input
  try {
    parseValue(schema, input.outcome.output, `${agent} does not put out what its card says of "${capability}"`)
    return input
  } catch (thrown) {
    const { message } = toWeftError(thrown)
    return {
      ...input,
      outcome: { kind: 'failed', problem: { code: 'upstream_error', message, isRetryable: false }, mayHaveHappened: true },
    }
  }
}
