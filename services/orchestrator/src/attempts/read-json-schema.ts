import { z } from 'zod'

/** Keywords with regular expressions, which are left out: whoever wrote the schema could have one that takes for ever on some texts. */
const unchecked = new Set(['pattern', 'patternProperties'])

/** A schema that checks what a card's JSON Schema asks for; undefined when that is empty, or cannot be read. */
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
