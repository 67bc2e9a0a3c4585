import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { AuditLog } from '../../audit/audit-log.ts'
import { actorOf } from '../../http/request-context.ts'
import { builtInApps, requireAgentsOperator } from './register-agent.ts'

/** `DELETE /v1/agents/{id}`: plans may no longer use the agent; steps that it has begun go on. */
export function removeAgent(audit: Pick<AuditLog, 'act'>): RequestHandler {
  return async (request, response) => {
    requireAgentsOperator(response)
    const id = String(request.params.id)
    if (builtInApps.has(id)) throw new WeftError('conflict', `"${id}" is a part of the mesh itself`, { param: 'id' })
    await audit.act(actorOf(response), async ({ agents }, note) => {
      if (!(await agents.remove(id))) throw new WeftError('not_found', `no agent "${id}" has joined`, { param: 'id' })
      note({ action: 'agent.removed', target: id })
    })
    response.json({ id, object: 'agent', deleted: true })
  }
}
