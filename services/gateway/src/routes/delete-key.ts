import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { AuditLog } from '../audit/audit-log.ts'
import type { OpenStreams } from '../http/open-streams.ts'
import { operatorTenant } from '../core/tenant.ts'
import { actorOf } from '../http/request-context.ts'
import type { KeyCheck } from '../keys/check-keys.ts'
import { namedTenant } from './list-keys.ts'

export interface DeleteKeyDeps {
  audit: Pick<AuditLog, 'act'>
  keys: Pick<KeyCheck, 'forget'>
  streams: Pick<OpenStreams, 'revoke'>
}

/** `DELETE /v1/keys/{id}`: revokes a key at once and ends the streams that it has open. An operator may also revoke keys of other tenants. */
export function deleteKey(deps: DeleteKeyDeps): RequestHandler {
  return async (request, response) => {
    const keyId = String(request.params.id)
    const by = actorOf(response)
    const wanted = namedTenant(request, response) ?? (by.tenant === operatorTenant ? undefined : by.tenant)
    const isKnown = await deps.audit.act(by, async ({ keys }, note) => {
      const tenant = await keys.revoke({ tenant: wanted, keyId })
      if (tenant !== undefined) note({ action: 'key.revoked', target: keyId, tenant })
      return tenant !== undefined
    })
    if (!isKnown) throw new WeftError('not_found', 'no such key', { param: 'id' })
    deps.keys.forget(keyId)
    deps.streams.revoke(keyId)
    response.json({ id: keyId, object: 'api_key', deleted: true })
  }
}
