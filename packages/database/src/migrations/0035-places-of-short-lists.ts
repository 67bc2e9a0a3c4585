import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Where deleted agents, budgets and webhooks stood in their lists is kept for a day, too. */
export async function up(db: Kysely<Schema>): Promise<void> {
  // Agents are of no tenant, and few: their old places go with those of other lists.
  await sql`
    create function keep_agent_place() returns trigger language plpgsql as $$
    begin
      insert into deleted_places (tenant, list, id, created_at) values ('', 'agents', old.app_id, old.registered_at)
      on conflict (tenant, list, id) do update set created_at = excluded.created_at, deleted_at = now();
      return null;
    end
    $$
  `.execute(db)
  await sql`create trigger keep_place after delete on agents for each row execute function keep_agent_place()`.execute(db)
  for (const table of ['budgets', 'webhooks'])
    await sql`
      create trigger keep_place after delete on ${sql.table(table)} for each row execute function keep_place()
    `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  for (const table of ['agents', 'budgets', 'webhooks']) await sql`drop trigger keep_place on ${sql.table(table)}`.execute(db)
  await sql`drop function keep_agent_place`.execute(db)
}
