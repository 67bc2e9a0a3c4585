import { isRecord } from '@weft/contracts'

/** Keywords that OpenAI takes in a schema, and Anthropic refuses with 400 (platform.claude.com, "Structured outputs", JSON Schema limitations). */
const unsupported: ReadonlySet<string> = new Set([
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'],
])
const formats: ReadonlySet<unknown> = new Set([
  ...['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'],
])

const maps: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions'])
const parts: ReadonlySet<string> = new Set(['items', 'anyOf', 'oneOf', 'allOf'])

/**
 * Makes the schema of an answer one that Anthropic takes, as its SDKs do: a bound that it refuses is moved into the description, where the model reads it, and an
 * object that does not say so forbids further properties. All else stays as it came; what Anthropic cannot do it refuses with its own message.
 */
export function outputSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(outputSchema)
  if (!isRecord(schema)) return schema
  const bounds = Object.entries(schema).filter(([keyword, value]) => isBound(keyword, value))
  const kept = Object.entries(schema).filter(([keyword, value]) => !isBound(keyword, value))
  return {
    ...Object.fromEntries(kept.map(([keyword, value]) => [keyword, partOf(keyword, value)])),
    ...(isObject(schema) && schema.additionalProperties === undefined ? { additionalProperties: false } : {}),
    ...(bounds.length === 0 ? {} : { description: describe(schema.description, bounds) }),
  }
}

function isBound(keyword: string, value: unknown): boolean {
  if (keyword === 'minItems') return typeof value === 'number' && value > 1
  return unsupported.has(keyword) || (keyword === 'format' && !formats.has(value))
}

function partOf(keyword: string, value: unknown): unknown {
  if (parts.has(keyword)) return outputSchema(value)
  if (!maps.has(keyword) || !isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, outputSchema(part)]))
}

function isObject({ type }: Record<string, unknown>): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object'))
}

function describe(description: unknown, bounds: [string, unknown][]): string {
  const said = bounds.map(([keyword, value]) => `${keyword}: ${JSON.stringify(value)}`).join(', ')
  return typeof description === 'string' ? `${description}\n\n{${said}}` : `{${said}}`
}
