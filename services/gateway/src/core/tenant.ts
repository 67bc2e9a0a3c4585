import { WeftError } from '@weft/contracts'

/** The tenant of the first admin key. Its admins run the installation, and may make keys of other tenants. */
export const operatorTenant = 'default'

/** What concerns all tenants is for whoever runs the mesh; `what` says what that is. Throws `permission_denied`. */
export function requireOperator(tenant: string, what: string, more: { param?: string } = {}): void {
  if (tenant === operatorTenant) return
  throw new WeftError('permission_denied', `${what} with an admin key of the tenant "${operatorTenant}"`, more)
}
