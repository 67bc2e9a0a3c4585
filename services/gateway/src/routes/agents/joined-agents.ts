import { handle } from '@weft/mesh'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { AgentStore } from '../../agents/agent-store.ts'

/** What the planner asks: the cards of the agents that joined. On the listener of the own sidecar. */
export function joinedAgents(agents: Pick<AgentStore, 'list'>): RequestHandler {
  return handle(z.object({}), async () => ({ cards: (await agents.list()).map(({ card }) => card) }))
}
