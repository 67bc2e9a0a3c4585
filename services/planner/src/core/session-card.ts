import { type AgentCard, ChildParams, childAgent, weftVersion } from '@weft/contracts'
import { z } from 'zod'

/** The card of what the orchestrator itself does: a step that is a whole session, with a plan and approvals of its own. */
export const sessionCard: AgentCard = {
  id: childAgent.agent,
  version: weftVersion,
  description: 'Opens a session for a step; its answer is the output, and its approvals are asked at the session a client began.',
  capabilities: [
    {
      name: childAgent.capability,
      description: 'Plans and answers `input` like a request of its own, or runs the plan it is given.',
      inputSchema: z.toJSONSchema(ChildParams),
      outputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      effects: 'none',
    },
  ],
}
