import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** The key an upload was sent under, so that sent again it is the same file. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table files add column upload_key text`.execute(db)
  await sql`create unique index files_upload_key on files (tenant, upload_key) where upload_key is not null`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`alter table files drop column upload_key`.execute(db)
}
