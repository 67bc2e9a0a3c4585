import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/**
 * What is kept for a time alone: up to where each tenant's history was removed, who is removing, and which sessions are in the archive. Of a chain of
 * hashes only lines may go that lie behind the anchor, which holds the hash that the first remaining line follows.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table retention_anchors (
      tenant text not null, history text not null, removed_until timestamptz not null, position bigint not null default 0,
      hash text not null default '', moved_at timestamptz not null default now(), primary key (tenant, history)
    )`.execute(db)
  await sql`
    create table retention_leases (tenant text primary key, holder text not null, expires_at timestamptz not null)
  `.execute(db)
  await sql`alter table sessions add column archived_seq int`.execute(db)
  await sql`create index sessions_family on sessions (tenant, root_session_id) where root_session_id is not null`.execute(db)
  await allowBehindAnchor(db, { table: 'audit_log', history: 'audit', refuse: 'refuse_audit_change' })
  await allowBehindAnchor(db, { table: 'approval_history', history: 'approvals', refuse: 'refuse_history_change' })
}

type Chain = { table: string; history: string; refuse: string }

async function allowBehindAnchor(db: Kysely<Schema>, { table, history, refuse }: Chain): Promise<void> {
  const [append, removal] = [sql.id(`${table}_is_append_only`), sql.id(`${table}_goes_behind_its_anchor`)]
  await sql`drop trigger ${append} on ${sql.table(table)}`.execute(db)
  await sql`
    create trigger ${append} before update or truncate on ${sql.table(table)} for each statement execute function ${sql.id(refuse)}()
  `.execute(db)
  await sql`
    create function ${removal}() returns trigger language plpgsql as $$
    begin
      if exists (select from retention_anchors a
        where a.tenant = old.tenant and a.history = ${sql.lit(history)} and a.position >= old.position) then return old; end if;
      raise exception 'the table ${sql.raw(table)} is append-only, but for what lies behind its anchor in retention_anchors';
    end $$`.execute(db)
  await sql`
    create trigger ${removal} before delete on ${sql.table(table)} for each row execute function ${removal}()
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  for (const table of ['audit_log', 'approval_history']) {
    const removal = sql.id(`${table}_goes_behind_its_anchor`)
    await sql`drop trigger ${removal} on ${sql.table(table)}`.execute(db)
    await sql`drop function ${removal}()`.execute(db)
    await sql`drop trigger ${sql.id(`${table}_is_append_only`)} on ${sql.table(table)}`.execute(db)
  }
  await sql`
    create trigger audit_log_is_append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_audit_change()
  `.execute(db)
  await sql`
    create trigger approval_history_is_append_only before update or delete on approval_history
    for each row execute function refuse_history_change()
  `.execute(db)
  await sql`drop index sessions_family`.execute(db)
  await sql`alter table sessions drop column archived_seq`.execute(db)
  await sql`drop table retention_leases`.execute(db)
  await sql`drop table retention_anchors`.execute(db)
}
