import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Approvals with their chained history and notifications, agents that joined, and what sessions need to be compacted and deleted. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table api_keys add column roles text[] not null default '{}'`.execute(db)
  await sql`
    alter table sessions add column root_session_id text, add column compacted_at timestamptz
  `.execute(db)
  await sql`
    create index sessions_settled on sessions (updated_at) where compacted_at is null and status in ('completed', 'failed', 'cancelled')
  `.execute(db)
  await sql`
    create table deleted_sessions (
      tenant text not null, id text not null, deleted_at timestamptz not null default now(), primary key (tenant, id)
    )`.execute(db)
  await createApprovals(db)
  await createNotifications(db)
  await sql`
    create table agents (
      app_id text primary key, card jsonb not null, registered_at timestamptz not null default now()
    )`.execute(db)
}

async function createApprovals(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table approvals (
      tenant text not null, id text not null, session_id text not null, root_session_id text not null, status text not null,
      risk text not null, assignees text[] not null, requested_at timestamptz not null, deadline timestamptz, snoozed_until timestamptz,
      seq int not null, approval jsonb not null, primary key (tenant, id)
    )`.execute(db)
  await sql`create index approvals_pending on approvals (tenant, requested_at, id) where status = 'pending'`.execute(db)
  await sql`create index approvals_session on approvals (tenant, root_session_id)`.execute(db)
  await sql`
    create table approval_history (
      tenant text not null, position bigint not null, approval_id text not null, session_id text not null, seq int not null,
      at timestamptz not null, entry jsonb not null, previous_hash text not null, hash text not null,
      primary key (tenant, position), unique (tenant, session_id, seq)
    )`.execute(db)
  await sql`
    create table used_page_tokens (
      tenant text not null, token_hash text not null, expires_at timestamptz not null, primary key (tenant, token_hash)
    )`.execute(db)
  await sql`create index approval_history_approval on approval_history (tenant, approval_id, position)`.execute(db)
  await sql`
    create function refuse_history_change() returns trigger language plpgsql as $$
    begin raise exception 'the history of approvals is append-only'; end $$
  `.execute(db)
  await sql`
    create trigger approval_history_is_append_only before update or delete on approval_history
    for each row execute function refuse_history_change()
  `.execute(db)
}

async function createNotifications(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table webhooks (
      tenant text not null, id text not null, url text not null, secrets text[] not null, created_at timestamptz not null default now(),
      primary key (tenant, id)
    )`.execute(db)
  await sql`
    create table notifications (
      id bigserial primary key, tenant text not null, channel text not null, target text not null, approval_id text not null, seq int not null,
      payload jsonb not null, attempts int not null default 0, due_at timestamptz not null default now(), delivered_at timestamptz,
      last_error text, created_at timestamptz not null default now(), unique (tenant, channel, target, approval_id, seq)
    )`.execute(db)
  await sql`create index notifications_due on notifications (due_at) where delivered_at is null`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  for (const table of [
    'agents',
    'notifications',
    'webhooks',
    'used_page_tokens',
    'approval_history',
    'approvals',
    'deleted_sessions',
  ]) {
    await sql`drop table ${sql.table(table)}`.execute(db)
  }
  await sql`drop function refuse_history_change()`.execute(db)
  await sql`drop index sessions_settled`.execute(db)
  await sql`alter table sessions drop column root_session_id, drop column compacted_at`.execute(db)
  await sql`alter table api_keys drop column roles`.execute(db)
}
