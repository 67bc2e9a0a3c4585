import { type Kysely, sql } from 'kysely'
import type { Schema } from './schema.ts'

/**
 * Runs one statement for which the planner may not sort, so that an index that gives rows in the order wanted is walked, whatever the planner thinks
 * of it. In three messages: the embedded database spends as much on each as on finding a dozen rows.
 */
export function withoutSorting<T>({ db }: { db: Kysely<Schema> }, run: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  return db.connection().execute(async (connection) => {
    await sql`begin; set local enable_sort = off`.execute(connection)
    try {
      const result = await run(connection)
      await sql`commit`.execute(connection)
      return result
    } catch (cause) {
      // Where the connection is gone, so is its transaction.
      await sql`rollback`.execute(connection).catch(() => undefined)
      throw cause
    }
  })
}
