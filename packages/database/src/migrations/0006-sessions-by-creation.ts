import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Sessions are listed by when they began; nothing reads a tenant's sessions by when they changed. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`create index sessions_created on sessions (tenant, created_at desc, id desc)`.execute(db)
  await sql`drop index sessions_newest`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`create index sessions_newest on sessions (tenant, updated_at desc, id)`.execute(db)
  await sql`drop index sessions_created`.execute(db)
}
