import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** When a vector store expires after its last use, and a file after its upload. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table vector_stores add column expires_after_days int, add column emptied_at timestamptz`.execute(db)
  await sql`
    create index vector_stores_expiring on vector_stores (last_active_at) where expires_after_days is not null and emptied_at is null
  `.execute(db)
  await sql`alter table files add column expires_at timestamptz`.execute(db)
  await sql`create index files_expiring on files (expires_at) where expires_at is not null`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`alter table files drop column expires_at`.execute(db)
  await sql`alter table vector_stores drop column expires_after_days, drop column emptied_at`.execute(db)
}
