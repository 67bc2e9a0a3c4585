import { handle } from '@weft/mesh'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { AgentStore } from '../../agents/agent-store.ts'

/** The cards of the agents that joined, for the planner. Served on the listener for this gateway's own sidecar, which clients do not reach. */
export function joinedAgents(agents: Pick<AgentStore, 'list'>): RequestHandler {
  return handle(z.object({}), async () => ({ cards: (await agents.list()).map(({ card }) => card) }))
}
