import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { OpenStreams } from '../http/open-streams.ts'
import type { KeyCheck } from '../keys/check-keys.ts'
import type { KeyStore } from '../keys/key-store.ts'
import { managedTenant } from './list-keys.ts'

export interface DeleteKeyDeps {
  store: Pick<KeyStore, 'revoke'>
  keys: Pick<KeyCheck, 'forget'>
  streams: Pick<OpenStreams, 'revoke'>
}

/** `DELETE /v1/keys/{id}`: revokes a key at once, and ends the streams it has open. */
export function deleteKey(deps: DeleteKeyDeps): RequestHandler {
  return async (request, response) => {
    const keyId = String(request.params.id)
    const isKnown = await deps.store.revoke({ tenant: managedTenant(request, response), keyId })
    if (!isKnown) throw new WeftError('not_found', 'no such key', { param: 'id' })
    deps.keys.forget(keyId)
    deps.streams.revoke(keyId)
    response.json({ id: keyId, object: 'api_key', deleted: true })
  }
}
