import { type Filter, WeftError } from '@weft/contracts'
import { type RawBuilder, sql } from 'kysely'

type Condition = RawBuilder<boolean>

/**
 * OpenAI's filter as a condition on a jsonb column of attributes. An attribute that is missing or of another type matches nothing, `ne` and `nin`
 * included. Every value travels as a parameter. Throws `invalid_request` for a filter nested too deeply or comparing with too many values.
 */
export function compileFilter(filter: Filter, attributes: RawBuilder<unknown>): Condition {
  if (countValues(filter) > valuesMax)
    throw new WeftError('invalid_request', `filters may compare with ${valuesMax} values at most`, { param: 'filters' })
  return compile(filter, attributes)
}

const depthMax = 16
/** A statement takes 65,535 parameters, a value takes up to six of them, and every passage is tested against each. */
const valuesMax = 1_000

function compile(filter: Filter, attributes: RawBuilder<unknown>): Condition {
  if (!('filters' in filter)) return compare(filter, attributes)
  const parts = filter.filters.map((part) => compile(part, attributes))
  return sql`(${sql.join(parts, filter.type === 'and' ? sql` and ` : sql` or `)})`
}

function countValues(filter: Filter, depth = 0): number {
  if (depth > depthMax)
    throw new WeftError('invalid_request', `filters may be nested ${depthMax} deep at most`, { param: 'filters' })
  if (!('filters' in filter)) return Array.isArray(filter.value) ? Math.max(1, filter.value.length) : 1
  return filter.filters.reduce((sum, part) => sum + countValues(part, depth + 1), 0)
}

type Comparison = Exclude<Filter, { filters: Filter[] }>
type Scalar = string | number | boolean

function compare({ type, key, value }: Comparison, attributes: RawBuilder<unknown>): Condition {
  const attribute = sql`(${attributes} -> ${clean(key)}::text)`
  if (type === 'in' || type === 'nin') return compareList(attribute, Array.isArray(value) ? value : [value], type)
  if (Array.isArray(value)) return nothing
  const json = sql`${JSON.stringify(storable(value))}::jsonb`
  const isSameType = sql`jsonb_typeof(${attribute}) = ${typeof value}::text`
  if (type === 'eq') return sql`coalesce(${attribute} = ${json}, false)`
  if (type === 'ne') return sql`coalesce(${isSameType} and ${attribute} <> ${json}, false)`
  if (typeof value === 'boolean') return nothing
  return sql`coalesce(case when ${isSameType} then ${order(attribute, value)} ${operators[type]} ${typeof value === 'number' ? sql`${value}::numeric` : sql`${storable(value)}::text`} end, false)`
}

const nothing: Condition = sql<boolean>`false`
const operators = { gt: sql`>`, gte: sql`>=`, lt: sql`<`, lte: sql`<=` }

/** Texts are ordered by their letters' numbers, so that the order does not depend on the server's language. */
function order(attribute: RawBuilder<unknown>, value: string | number): RawBuilder<unknown> {
  const text = sql`(${attribute} #>> '{}')`
  return typeof value === 'number' ? sql`${text}::numeric` : sql`${text} collate "C"`
}

function compareList(attribute: RawBuilder<unknown>, values: Scalar[], type: 'in' | 'nin'): Condition {
  if (values.length === 0) return type === 'in' ? nothing : sql`${attribute} is not null`
  const list = values.map((value) => sql`${JSON.stringify(storable(value))}::jsonb`)
  const isIn = sql`${attribute} in (${sql.join(list)})`
  if (type === 'in') return sql`coalesce(${isIn}, false)`
  const types = [...new Set(values.map((value) => typeof value))].map((each) => sql`${each}::text`)
  return sql`coalesce(jsonb_typeof(${attribute}) in (${sql.join(types)}) and not ${isIn}, false)`
}

/** No stored attribute holds a NUL or half a surrogate pair, which Postgres would refuse: nothing equals them. */
function storable(value: Scalar): Scalar {
  return typeof value === 'string' ? clean(value) : value
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd')
}
