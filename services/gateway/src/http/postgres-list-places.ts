import { parseValue } from '@weft/contracts'
import { type Database, deletedPlace, sql } from '@weft/database'
import { z } from 'zod'
import type { DeletableList, ListPlaces } from './list-places.ts'

const Row = z.object({ ids: z.array(z.string()) })

/** Each as its list is ordered. */
const lists = {
  agents: sql`select '' as tenant, app_id as id, registered_at as created_at from agents`,
  budgets: sql`select tenant, id, created_at from budgets`,
  webhooks: sql`select tenant, id, created_at from webhooks`,
} satisfies Record<DeletableList, unknown>

export function createPostgresListPlaces({ db }: Pick<Database, 'db'>): ListPlaces {
  return {
    async behind(list, { tenant, id }) {
      const { rows } = await sql`
        select array(
          select l.id from (${lists[list]}) l where l.tenant = ${tenant} and (l.created_at, l.id) > (place.created_at, place.id)
        ) as ids from (${deletedPlace({ tenant, list, id })}) place
      `.execute(db)
      return rows.length === 0 ? undefined : parseValue(Row, rows[0], 'the place of a deleted item').ids
    },
  }
}
