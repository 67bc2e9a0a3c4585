import type { Approver } from '@weft/contracts'
import { hasScope, type KeyIdentity } from './api-key.ts'

/** Who decides with this key: under its name, or its id when nobody named it. */
export function approverOf(identity: KeyIdentity): Approver {
  const { name, keyId, roles } = identity
  return { id: name === '' ? keyId : name, roles: [...roles], isAdmin: hasScope(identity, 'admin') }
}
