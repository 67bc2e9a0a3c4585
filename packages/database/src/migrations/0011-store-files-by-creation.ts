import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** A page of a store's files is read from where it begins, however many files come before it. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create index vector_store_files_creation on vector_store_files (vector_store_id, created_at desc, file_id desc)
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop index vector_store_files_creation`.execute(db)
}
