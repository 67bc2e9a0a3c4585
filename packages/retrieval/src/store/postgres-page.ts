import { WeftError } from '@weft/contracts'
import { type Database, deletedPlace, type RawBuilder, sql } from '@weft/database'
import type { Page, PageRequest } from './knowledge-types.ts'

/**
 * A list that is read by pages. `scope` says which rows belong to it, and `where` which of these are asked for. Rows are ordered by `createdAt`, then by `id`, and
 * `rowOf` parses one. `place` is the name under which the database remembers for a day where deleted items were.
 */
export type ListQuery<T> = {
  select: RawBuilder<unknown>
  from: RawBuilder<unknown>
  scope: RawBuilder<unknown>
  place: { tenant: string; list: string }
  where?: RawBuilder<unknown>
  createdAt: RawBuilder<unknown>
  id: RawBuilder<unknown>
  rowOf(row: unknown): T
  /** The longest page; default: 100. */
  limitMax?: number
}

const pageLimits = { default: 20, max: 100 } as const

/** Reads one page of a list. Throws `invalid_request` for a cursor that is no item of the list, and was none within the last day. */
export async function readPage<T>(database: Database, list: ListQuery<T>, request: PageRequest): Promise<Page<T>> {
  const limit = Math.min(Math.max(1, request.limit ?? pageLimits.default), list.limitMax ?? pageLimits.max)
  const isAscending = request.order === 'asc'
  const isBackwards = request.before !== undefined && request.after === undefined
  const isForwardSort = isAscending !== isBackwards
  const conditions = [list.scope, ...(list.where === undefined ? [] : [list.where])]
  if (request.after !== undefined) conditions.push(beyond(list, request.after, isAscending ? sql`>` : sql`<`))
  if (request.before !== undefined) conditions.push(beyond(list, request.before, isAscending ? sql`<` : sql`>`))
  const direction = isForwardSort ? sql`asc` : sql`desc`
  const { rows } = await sql`
    select ${list.select} from ${list.from} where ${sql.join(conditions, sql` and `)}
    order by ${list.createdAt} ${direction}, ${list.id} ${direction} limit ${limit + 1}
  `.execute(database.db)
  if (rows.length === 0) await checkCursors(database, list, request)
  const data = rows.slice(0, limit).map(list.rowOf)
  return { data: isBackwards ? data.toReversed() : data, hasMore: rows.length > limit }
}

/**
 * The rows beyond a cursor. Compared within the database, whose times are finer than JavaScript's, and with two values instead of one row, because only then
 * an index is used.
 */
function beyond<T>(list: ListQuery<T>, cursor: string, sign: RawBuilder<unknown>): RawBuilder<unknown> {
  const placeOf = (column: RawBuilder<unknown>) => sql`(select ${column} from (${placesOf(list, cursor)}) place limit 1)`
  return sql`(${list.createdAt}, ${list.id}) ${sign} (${placeOf(sql`created_at`)}, ${placeOf(sql`id`)})`
}

/** Where an item is in the list, or was before it was deleted. */
function placesOf<T>({ from, scope, createdAt, id, place }: ListQuery<T>, cursor: string): RawBuilder<unknown> {
  return sql`
    select ${createdAt} as created_at, ${id} as id from ${from} where ${scope} and ${id} = ${cursor}
    union all
    ${deletedPlace({ ...place, id: cursor })}
      and not exists (select from ${from} where ${scope} and ${id} = ${cursor})`
}

async function checkCursors<T>(database: Database, list: ListQuery<T>, { after, before }: PageRequest): Promise<void> {
  for (const [param, cursor] of Object.entries({ after, before })) {
    if (cursor === undefined) continue
    const { rows } = await placesOf(list, cursor).execute(database.db)
    if (rows.length === 0) throw new WeftError('invalid_request', `'${param}' names no item of this list: ${cursor}`, { param })
  }
}
