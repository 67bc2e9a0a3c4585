import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Texts too large for one value: `file_texts.text` is empty then, and they lie here. Offsets and lengths are in code points. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table file_text_pieces (
      file_id text not null references files on delete cascade, n int not null, start_offset int not null, length int not null, text text not null,
      primary key (file_id, n)
    )`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`
    update file_texts t set text = (select string_agg(p.text, '' order by p.n) from file_text_pieces p where p.file_id = t.file_id)
    where exists (select from file_text_pieces p where p.file_id = t.file_id)
  `.execute(db)
  await sql`drop table file_text_pieces`.execute(db)
}
