import { type RawBuilder, sql } from 'kysely'

/** Where an item of a list stood until it was deleted, within the last day: a query for `created_at` and `id`. `list`: see the schema's `deleted_places`. */
export function deletedPlace({ tenant, list, id }: { tenant: string; list: string; id: string }): RawBuilder<unknown> {
  return sql`select d.created_at, d.id from deleted_places d where d.tenant = ${tenant} and d.list = ${list} and d.id = ${id}`
}
