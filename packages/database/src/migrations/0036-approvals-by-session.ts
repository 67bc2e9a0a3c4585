import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** A session's own approvals are archived and deleted with it: without this each time all of its tenant's are read. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`create index approvals_own_session on approvals (tenant, session_id)`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop index approvals_own_session`.execute(db)
}
