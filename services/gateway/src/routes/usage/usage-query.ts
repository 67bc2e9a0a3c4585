import { WeftError } from '@weft/contracts'
import type { Request } from 'express'
import { z } from 'zod'
import { type UsageGroup, usageGroups } from '../../usage/usage-store.ts'

const time = z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
  error: 'a day like 2026-11-30 or a time like 2026-11-30T12:00:00Z',
})

export const UsageRangeQuery = z.object({
  /** Included. Default: 30 days before `to`. */
  from: time.optional(),
  /** Excluded; a day means its beginning. Default: now. */
  to: time.optional(),
  format: z.enum(['json', 'csv'], { error: 'json or csv' }).optional(),
})

export const GroupBy = z
  .string()
  .optional()
  .transform((list) => (list ?? '').split(',').filter((name) => name !== ''))
  .pipe(z.array(z.enum(usageGroups, { error: `names of ${usageGroups.join(', ')}, comma separated` })).max(usageGroups.length))
  .transform((groups): UsageGroup[] => [...new Set(groups)])

const daysUsual = 30
const dayMs = 86_400_000

/** Throws `invalid_request` for a range that ends before it begins. */
export function rangeOf({ from, to }: z.infer<typeof UsageRangeQuery>, nowMs: number): { fromMs: number; toMs: number } {
  const toMs = to === undefined ? nowMs + 1 : Date.parse(to)
  const fromMs = from === undefined ? toMs - daysUsual * dayMs : Date.parse(from)
  if (fromMs >= toMs) throw new WeftError('invalid_request', `'from' must be before 'to'`, { param: 'from' })
  return { fromMs, toMs }
}

/** Whether the client asks for CSV, by `format` in the query or else by the Accept header. */
export function wantsCsv(request: Request, format: 'json' | 'csv' | undefined): boolean {
  return format === undefined ? request.accepts(['json', 'text/csv']) === 'text/csv' : format === 'csv'
}
