import { z } from 'zod'
import { usageError } from './explain-failure.ts'

const unitsMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time as RFC 3339, which is given as such or as a duration from now, like `30m`, `2h` or `1d`. */
export function readUntil(text: string, nowMs: number): string {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (count !== undefined && unit !== undefined) return new Date(nowMs + Number(count) * (unitsMs[unit] ?? 0)).toISOString()
  const parsed = z.iso.datetime({ offset: true }).safeParse(text)
  if (!parsed.success)
    throw usageError(`"${text}" is no time: use one such as 2026-01-31T09:00:00Z, or a while such as 30m, 2h, 1d`)
  return parsed.data
}
