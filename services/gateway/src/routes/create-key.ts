import { newId, parseValue, Tenant, WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { AuditLog } from '../audit/audit-log.ts'
import { hashApiKey, KeyScope, keyPreview, newApiKey } from '../core/api-key.ts'
import { operatorTenant } from '../core/tenant.ts'
import { actorOf } from '../http/request-context.ts'
import { CallLimits } from '../limits/core/call-limits.ts'
import { keyObject } from './key-object.ts'

/** Names that stand for something other than a person in the history of an approval. */
const takenNames: ReadonlySet<string> = new Set(['deadline', 'session', 'plan'])
const KeyName = z
  .string()
  .max(200)
  .refine((name) => !name.startsWith('role:') && !takenNames.has(name), 'use another name: this one is not a key’s')
const RoleName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'use letters, digits, "_", "." and "-"')

/** Strict, because a misspelt `expiresAt` or limit would make a key without it. */
export const CreateKey = z.strictObject({
  /** The name under which decisions with this key are recorded. */
  name: KeyName.default(''),
  scopes: z.array(KeyScope).min(1).max(3).default(['chat']),
  roles: z.array(RoleName).max(20).default([]),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  /** Another tenant than the caller's own; only keys of the operator's tenant may name one. */
  tenant: Tenant.optional(),
  /** What the key may use over all gateways together; its tenant's limits hold besides. */
  limits: CallLimits.optional(),
})

/** `POST /v1/keys`: makes a key. This answer is the only place where the key itself is shown. */
export function createKey(audit: Pick<AuditLog, 'act'>): RequestHandler {
  return async (request, response) => {
    const wish = parseValue(CreateKey, request.body ?? {}, 'the request')
    const by = actorOf(response)
    const own = by.tenant
    const tenant = wish.tenant ?? own
    if (tenant !== own && own !== operatorTenant)
      throw new WeftError('permission_denied', 'this key may not make keys of another tenant', { param: 'tenant' })
    if (wish.expiresAt !== undefined && Date.parse(wish.expiresAt) <= Date.now()) {
      throw new WeftError('invalid_request', "'expiresAt' is in the past", { param: 'expiresAt' })
    }
    const key = newApiKey()
    const record = {
      id: newId('key'),
      tenant,
      name: wish.name,
      preview: keyPreview(key),
      scopes: [...new Set(wish.scopes)],
      roles: [...new Set(wish.roles)],
      expiresAt: wish.expiresAt,
      limits: wish.limits,
    }
    await audit.act(by, async ({ keys }, note) => {
      await keys.insert({ ...record, keyHash: hashApiKey(key) })
      const { id: target, preview: _, ...details } = record
      note({ action: 'key.created', target, tenant, details })
    })
    const createdAt = new Date().toISOString()
    response.set('cache-control', 'no-store').json({ ...keyObject({ ...record, createdAt, revokedAt: undefined }), key })
  }
}
