import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Sessions as clients list them, their append-only events, their messages, and large outputs by content hash. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table sessions (
      tenant text not null, id text not null, user_id text, status text not null, title text not null default '',
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(), last_seq int not null default 0,
      primary key (tenant, id)
    )`.execute(db)
  await sql`create index sessions_newest on sessions (tenant, updated_at desc, id)`.execute(db)
  await sql`create index sessions_running on sessions (updated_at) where status = 'running'`.execute(db)
  await sql`
    create table session_events (
      tenant text not null, session_id text not null, seq int not null, at timestamptz not null, type text not null,
      turn int not null, step_id text, data jsonb not null, primary key (tenant, session_id, seq)
    )`.execute(db)
  await sql`
    create table messages (
      tenant text not null, session_id text not null, turn int not null, role text not null, content jsonb not null,
      at timestamptz not null, primary key (tenant, session_id, turn, role)
    )`.execute(db)
  await sql`
    create table blobs (
      tenant text not null, hash text not null, content jsonb not null, created_at timestamptz not null default now(),
      primary key (tenant, hash)
    )`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  for (const table of ['blobs', 'messages', 'session_events', 'sessions']) await sql`drop table ${sql.table(table)}`.execute(db)
}
