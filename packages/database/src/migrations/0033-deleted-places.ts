import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/**
 * Where things that were deleted stood in the lists of a tenant, for a day: whoever goes through a list and deletes what it reads goes on behind what it has
 * just deleted. The files of a vector store that goes are in no list any more.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table deleted_places (
      tenant text not null,
      list text not null,
      id text not null,
      created_at timestamptz not null,
      deleted_at timestamptz not null default now(),
      primary key (tenant, list, id)
    )
  `.execute(db)
  await sql`create index deleted_places_by_age on deleted_places (deleted_at)`.execute(db)
  await sql`
    create function keep_place() returns trigger language plpgsql as $$
    begin
      if tg_table_name = 'vector_store_files' and not exists (select from vector_stores where id = to_jsonb(old) ->> 'vector_store_id') then
        return null;
      end if;
      if random() < 0.02 then
        delete from deleted_places where (tenant, list, id) in (
          select tenant, list, id from deleted_places where deleted_at < now() - interval '1 day' limit 1000 for update skip locked
        );
      end if;
      insert into deleted_places (tenant, list, id, created_at)
      values (
        old.tenant,
        case tg_table_name when 'vector_store_files' then to_jsonb(old) ->> 'vector_store_id' else tg_table_name end,
        case tg_table_name when 'vector_store_files' then to_jsonb(old) ->> 'file_id' else to_jsonb(old) ->> 'id' end,
        old.created_at
      )
      on conflict (tenant, list, id) do update set created_at = excluded.created_at, deleted_at = now();
      return null;
    end
    $$
  `.execute(db)
  for (const table of tables)
    await sql`
      create trigger keep_place after delete on ${sql.table(table)} for each row execute function keep_place()
    `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  for (const table of tables) await sql`drop trigger keep_place on ${sql.table(table)}`.execute(db)
  await sql`drop function keep_place`.execute(db)
  await sql`drop table deleted_places`.execute(db)
}

const tables = ['files', 'vector_stores', 'vector_store_files', 'sessions']
