import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/**
 * Runs a statement that answers one JSON value, planned anew and without sorts: a setting of a transaction may also be one of a function, and to call a
 * function takes one message. `near` is what `$1` means in the statement.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function without_sorting(statement text, near vector) returns json language plpgsql set enable_sort = off as $$
      declare answer json;
      begin
        execute statement into answer using near;
        return answer;
      end
    $$`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop function without_sorting`.execute(db)
}
