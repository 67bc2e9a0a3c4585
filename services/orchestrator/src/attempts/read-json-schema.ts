import { z } from 'zod'

/** Regular expressions are not run for whoever wrote a schema: one may take for ever on the right text. */
const unchecked = new Set(['pattern', 'patternProperties'])

/** A JSON Schema that a card holds, as a check; undefined when it says nothing, or cannot be read. */
export function readJsonSchema(schema: Record<string, unknown>): z.ZodType | undefined {
  if (Object.keys(schema).length === 0) return undefined
  try {
    return z.fromJSONSchema(checkedPart(schema))
  } catch {
    return undefined
  }
}

function checkedPart<T>(schema: T): T
function checkedPart(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(checkedPart)
  if (typeof schema !== 'object' || schema === null) return schema
  const kept = Object.entries(schema).filter(([keyword]) => !unchecked.has(keyword))
  return Object.fromEntries(kept.map(([keyword, part]) => [keyword, checkedPart(part)]))
}
