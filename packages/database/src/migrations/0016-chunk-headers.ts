import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** What a model says of a passage's place in its document; kept by content as long as a file with it is there, so that it is paid for once. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table chunks add column header text`.execute(db)
  await sql`
    create table chunk_headers (
      tenant text not null, file_id text not null references files on delete cascade, key text not null, header text not null,
      created_at timestamptz not null default now(), primary key (tenant, key, file_id)
    )`.execute(db)
  await sql`create index chunk_headers_file on chunk_headers (file_id)`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table chunk_headers`.execute(db)
  await sql`alter table chunks drop column header`.execute(db)
}
