import { Tenant, WeftError } from '@weft/contracts'
import type { Request, RequestHandler, Response } from 'express'
import { z } from 'zod'
import { operatorTenant } from '../core/tenant.ts'
import { tenantOf } from '../http/request-context.ts'
import type { KeyStore } from '../keys/key-store.ts'
import { keyObject } from './key-object.ts'
import { Limit, parseQuery } from './session-params.ts'

export const ListKeysQuery = z.object({ limit: Limit, after: z.string().max(64).optional(), tenant: Tenant.optional() })

/** `GET /v1/keys`: the tenant's keys, newest first, revoked ones too. */
export function listKeys(store: Pick<KeyStore, 'list'>): RequestHandler {
  return async (request, response) => {
    const { limit, after } = parseQuery(ListKeysQuery, request)
    const page = await store.list({ tenant: managedTenant(request, response), limit, after })
    response.json({ object: 'list', data: page.data.map(keyObject), has_more: page.hasMore })
  }
}

/** The tenant whose keys are meant: the caller's own, or the one an operator names in the query. */
function managedTenant(request: Request, response: Response): string {
  return namedTenant(request, response) ?? tenantOf(response)
}

/** The tenant that the query names, if any. Throws `not_found` when only an operator may name that tenant. */
export function namedTenant(request: Request, response: Response): string | undefined {
  const own = tenantOf(response)
  const { tenant } = parseQuery(z.object({ tenant: Tenant.optional() }), request)
  if (tenant !== undefined && tenant !== own && own !== operatorTenant)
    throw new WeftError('not_found', 'no such tenant', { param: 'tenant' })
  return tenant
}
