import { AgentCard } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { AgentStore } from '../../agents/agent-store.ts'
import type { ListPlaces } from '../../http/list-places.ts'
import { sendList } from '../send-list.ts'
import { agentObject } from './agent-object.ts'
import { builtInApps } from './register-agent.ts'

export interface ListAgentsDeps {
  agents: Pick<AgentStore, 'list'>
  places: ListPlaces
  sidecar: Pick<Sidecar, 'invoke' | 'fetchFrom'>
}

const Registry = z.object({ cards: z.array(AgentCard) })
const reachTimeoutMs = 2_000

/** `GET /v1/agents`: the mesh's own agents and those that joined, each with whether it answers now. */
export function listAgents({ agents, places, sidecar }: ListAgentsDeps): RequestHandler {
  return async (request, response) => {
    const joined = await agents.list()
    const signal = AbortSignal.timeout(reachTimeoutMs)
    const { cards } = await sidecar.invoke('planner', '/registry', { schema: Registry, signal })
    const own = cards
      .filter(({ id }) => builtInApps.has(id))
      .map((card) => ({ id: card.id, object: 'agent', isBuiltIn: true, isReachable: true, card }))
    const others = await Promise.all(
      joined.map(async (agent) => ({ ...agentObject(agent), isReachable: await isReachable(sidecar, agent.id) })),
    )
    const behind = (id: string) => places.behind('agents', { tenant: '', id })
    await sendList(request, response, { items: [...own, ...others], idOf: ({ id }) => id, behind })
  }
}

async function isReachable(sidecar: Pick<Sidecar, 'fetchFrom'>, id: string): Promise<boolean> {
  const card = sidecar.fetchFrom(id, '/card', { schema: z.unknown(), signal: AbortSignal.timeout(reachTimeoutMs) })
  return card.then(
    () => true,
    () => false,
  )
}
