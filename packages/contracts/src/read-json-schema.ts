import { z } from 'zod'
import { isRecord } from './is-record.ts'
import { describeFault } from './parse-json.ts'

/** What a card's JSON Schema asks for: nothing, something that can be checked, or something that Weft cannot read, and why. */
export type SchemaReading = { kind: 'anything' } | { kind: 'check'; check: z.ZodType } | { kind: 'unreadable'; why: string }

/** Reading takes about a millisecond, and the same card is asked again and again until it is read anew. */
const readings = new WeakMap<object, SchemaReading>()

/** Reads a JSON Schema (2020-12, or draft 7 or 4 where it says so or has `definitions`). Regular expressions are left out. Never throws. */
export function readJsonSchema(schema: Record<string, unknown>): SchemaReading {
  const reading = readings.get(schema) ?? readAnew(schema)
  readings.set(schema, reading)
  return reading
}

function readAnew(schema: Record<string, unknown>): SchemaReading {
  if (Object.keys(schema).length === 0) return { kind: 'anything' }
  const defaultTarget = 'definitions' in schema ? 'draft-7' : 'draft-2020-12'
  try {
    // A registry of its own: zod's global one would keep every schema that has an id.
    const check = z.fromJSONSchema(withoutExpressions(schema), { defaultTarget, registry: z.registry() })
    return { kind: 'check', check }
  } catch (thrown) {
    // What zod does not support it says in an error of its own; it stumbles over what is no schema at all.
    const isToldByZod = thrown instanceof Error && thrown.constructor === Error
    return { kind: 'unreadable', why: isToldByZod ? thrown.message : 'it is not a JSON Schema' }
  }
}

/** Keywords with regular expressions, which are left out: whoever wrote the schema could have one that takes for ever on some texts. */
const unchecked = new Set(['pattern', 'patternProperties'])
/** Keywords that hold schemas by names, which may be those of keywords. */
const named = new Set(['properties', '$defs', 'definitions'])
/** Keywords that hold values and no schemas. */
const values = new Set(['const', 'enum', 'default', 'examples'])

function withoutExpressions<T>(schema: T): T
function withoutExpressions(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutExpressions)
  if (!isRecord(schema)) return schema
  const kept = Object.entries(schema).filter(([keyword]) => !unchecked.has(keyword))
  const parts = Object.fromEntries(kept.map(([keyword, part]) => [keyword, values.has(keyword) ? part : partOf(keyword, part)]))
  // With its expressions left out, the object would take none of the names that they stand for.
  if ('patternProperties' in schema) delete parts.additionalProperties
  return asZodReadsIt(parts)
}

function partOf(keyword: string, part: unknown): unknown {
  if (!named.has(keyword) || !isRecord(part)) return withoutExpressions(part)
  return Object.fromEntries(Object.entries(part).map(([name, schema]) => [name, withoutExpressions(schema)]))
}

const ofObjects = new Set(['properties', 'required', 'additionalProperties', 'propertyNames', 'minProperties', 'maxProperties'])
const others = ['string', 'number', 'boolean', 'null', 'array']
/** Keywords beside which zod does not look at the fields of an object. */
const beside = ['type', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', 'not']

/** Zod checks required fields only where `properties` lists them, and fields only where `type` says that there are some. */
function asZodReadsIt(schema: Record<string, unknown>): Record<string, unknown> {
  const { required, properties = {} } = schema
  if (!isRecord(properties) || !('properties' in schema || Array.isArray(required))) return schema
  const needed = Array.isArray(required) ? Object.fromEntries(required.map((name) => [String(name), {}])) : {}
  const all = { ...needed, ...properties }
  if (beside.some((keyword) => keyword in schema)) return { ...schema, properties: all }
  const isOfObject = ([keyword]: [string, unknown]) => ofObjects.has(keyword)
  const fields = Object.fromEntries(Object.entries(schema).filter(isOfObject))
  const rest = Object.fromEntries(Object.entries(schema).filter((entry) => !isOfObject(entry)))
  return { ...rest, anyOf: [{ ...fields, properties: all, type: 'object' }, { type: others }] }
}

/**
 * Why a value does not fit, or undefined when it does. `mayLack`: fields of the value itself may be missing, because whoever gets it may find them elsewhere; what
 * is there is checked all the same.
 */
export function describeMisfit(check: z.ZodType, value: unknown, { mayLack }: { mayLack: boolean }): string | undefined {
  const issues = check.safeParse(value, { reportInput: true }).error?.issues ?? []
  const counted = mayLack ? withoutMissing(issues) : issues
  if (counted.length === 0) return undefined
  const { param, complaint } = describeFault(counted)
  return param === '' ? complaint : `'${param}' ${complaint}`
}

type Issue = z.core.$ZodIssue

function withoutMissing(issues: Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.path.length > 0) return issue.path.length === 1 && issue.input === undefined ? [] : [issue]
    if (issue.code !== 'invalid_union' || issue.inclusive === false) return [issue]
    const errors = issue.errors.map(withoutMissing)
    return errors.some((branch) => branch.length === 0) ? [] : [{ ...issue, errors }]
  })
}
