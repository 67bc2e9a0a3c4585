import { z } from 'zod'
import { Tenant } from './tenant.ts'

const daysMax = 36_500
const daysError = `a number of days above 0, at most ${daysMax}, or "none": kept for ever`

/** How long something is kept; parts of a day are days too. */
export const RetentionDays = z.union(
  [z.number(daysError).positive(daysError).max(daysMax, daysError), z.literal('none')],
  daysError,
)
export type RetentionDays = z.infer<typeof RetentionDays>

const Limits = z.strictObject({
  sessions: RetentionDays.optional(),
  calls: RetentionDays.optional(),
  audit: RetentionDays.optional(),
})

const isTenant = (name: string) => Tenant.safeParse(name).success
const tenantsMax = 1_000

/** What holds for single tenants, by their names. */
export const TenantRetention = z
  .record(z.string(), Limits)
  .refine((tenants) => Object.keys(tenants).every(isTenant), 'tenants are named by lower case letters, digits, "_" and "-"')
  .refine((tenants) => Object.keys(tenants).length <= tenantsMax, `at most ${tenantsMax} tenants`)
export type TenantRetention = z.infer<typeof TenantRetention>
