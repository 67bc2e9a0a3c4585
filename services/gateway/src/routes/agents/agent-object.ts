import type { JoinedAgent } from '../../agents/agent-store.ts'

/** An agent as the API shows it. */
export function agentObject({ id, card, registeredAt }: JoinedAgent) {
  return { id, object: 'agent', isBuiltIn: false, registeredAt, card }
}
