import { WeftError } from '@weft/contracts'
import { z } from 'zod'

/** The tenant of the first admin key. Its admins run the installation, and may make keys of other tenants. */
export const operatorTenant = 'default'

/** No dot: a tenant is the first part of actor ids. */
export const Tenant = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'use lower case letters, digits, "_" and "-"')

/** What concerns all tenants is for whoever runs the mesh; `what` says what that is. Throws `permission_denied`. */
export function requireOperator(tenant: string, what: string, more: { param?: string } = {}): void {
  if (tenant === operatorTenant) return
  throw new WeftError('permission_denied', `${what} with an admin key of the tenant "${operatorTenant}"`, more)
}
