import { type RawBuilder, sql } from 'kysely'

/**
 * A query for the place (`created_at` and `id`) where an item that was deleted within the last day stood in its list. Whoever pages through a list may name it
 * as the last item that was read. `list`: see `deleted_places` in the schema.
 */
export function deletedPlace({ tenant, list, id }: { tenant: string; list: string; id: string }): RawBuilder<unknown> {
  return sql`select d.created_at, d.id from deleted_places d where d.tenant = ${tenant} and d.list = ${list} and d.id = ${id}`
}
