import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Files that wait to be read are taken by turns of their tenants: each tenant's oldest is found without looking at those of others. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`drop index vector_store_files_jobs`.execute(db)
  await sql`create index vector_store_files_jobs on vector_store_files (tenant, created_at) where status = 'in_progress'`.execute(
    db,
  )
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop index vector_store_files_jobs`.execute(db)
  await sql`create index vector_store_files_jobs on vector_store_files (created_at) where status = 'in_progress'`.execute(db)
}
