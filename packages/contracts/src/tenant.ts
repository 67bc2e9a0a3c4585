import { z } from 'zod'

/** No dot: a tenant is the first part of actor ids. */
export const Tenant = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'use lower case letters, digits, "_" and "-"')
