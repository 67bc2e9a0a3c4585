import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { AuditLog } from '../audit/audit-log.ts'
import type { OpenStreams } from '../http/open-streams.ts'
import { actorOf } from '../http/request-context.ts'
import type { KeyCheck } from '../keys/check-keys.ts'
import { managedTenant } from './list-keys.ts'

export interface DeleteKeyDeps {
  audit: Pick<AuditLog, 'act'>
  keys: Pick<KeyCheck, 'forget'>
  streams: Pick<OpenStreams, 'revoke'>
}

/** `DELETE /v1/keys/{id}`: revokes a key at once, and ends the streams it has open. */
export function deleteKey(deps: DeleteKeyDeps): RequestHandler {
  return async (request, response) => {
    const keyId = String(request.params.id)
    const tenant = managedTenant(request, response)
    const isKnown = await deps.audit.act(actorOf(response), async ({ keys }, note) => {
      if (!(await keys.revoke({ tenant, keyId }))) return false
      note({ action: 'key.revoked', target: keyId, tenant })
      return true
    })
    if (!isKnown) throw new WeftError('not_found', 'no such key', { param: 'id' })
    deps.keys.forget(keyId)
    deps.streams.revoke(keyId)
    response.json({ id: keyId, object: 'api_key', deleted: true })
  }
}
