import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Large outputs belong to their session, so that they go when it is deleted. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table blobs add column session_id text not null default ''`.execute(db)
  await sql`alter table blobs drop constraint blobs_pkey, add primary key (tenant, session_id, hash)`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`
    delete from blobs b using blobs other
    where b.tenant = other.tenant and b.hash = other.hash and b.session_id > other.session_id
  `.execute(db)
  await sql`alter table blobs drop constraint blobs_pkey, add primary key (tenant, hash)`.execute(db)
  await sql`alter table blobs drop column session_id`.execute(db)
}
