import { isRecord } from './is-record.ts'

/**
 * One text for one value, as JSON: keys in one order, no spaces, fields without a value left out, as `JSON.stringify` leaves them out.
 * Throws TypeError for what JSON cannot say, such as a cycle.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isRecord(part) ? sortKeys(part) : part)) ?? 'null'
}

function sortKeys(value: object): Record<string, unknown> {
  const entries: [string, unknown][] = Object.entries(value)
  const sorted = Object.create(null)
  for (const [key, part] of entries.sort(([left], [right]) => (left < right ? -1 : 1))) sorted[key] = part
  return sorted
}
