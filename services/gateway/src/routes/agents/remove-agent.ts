import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { AgentStore } from '../../agents/agent-store.ts'
import { builtInApps, requireAgentsOperator } from './register-agent.ts'

/** `DELETE /v1/agents/{id}`: plans may no longer use it; steps it has begun go on. */
export function removeAgent(agents: Pick<AgentStore, 'remove'>): RequestHandler {
  return async (request, response) => {
    requireAgentsOperator(response)
    const id = String(request.params.id)
    if (builtInApps.has(id)) throw new WeftError('conflict', `"${id}" is a part of the mesh itself`, { param: 'id' })
    if (!(await agents.remove(id))) throw new WeftError('not_found', `no agent "${id}" has joined`, { param: 'id' })
    response.json({ id, object: 'agent', deleted: true })
  }
}
