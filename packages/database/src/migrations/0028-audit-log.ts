import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Who did what to what, and when: of each tenant a chain of hashes that nothing is taken out of. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table audit_log (
      tenant text not null, position bigint not null, at timestamptz not null, key_id text not null, key_name text not null,
      key_tenant text not null, action text not null, target text not null, details jsonb not null, previous_hash text not null,
      hash text not null, primary key (tenant, position)
    )`.execute(db)
  await sql`
    create function refuse_audit_change() returns trigger language plpgsql as $$
    begin raise exception 'the audit log is append-only'; end $$
  `.execute(db)
  await sql`
    create trigger audit_log_is_append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_audit_change()
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table audit_log`.execute(db)
  await sql`drop function refuse_audit_change()`.execute(db)
}
