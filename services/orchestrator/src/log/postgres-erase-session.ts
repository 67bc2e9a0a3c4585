import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { SessionPlace } from '../core/session-place.ts'

export interface ErasureDeps {
  database: Database
  /** Deletes another session; false when the store does not have it. */
  deleteSession(session: SessionPlace): Promise<boolean>
}

const Row = z.object({ id: z.string() })

/**
 * Deletes a session and its child sessions from the database, the children first. The children are looked up here because the session's own state may no
 * longer name them, when it opened them in turns that it has given up.
 */
export async function eraseFamily({ database, deleteSession }: ErasureDeps, root: SessionPlace): Promise<void> {
  const { rows } = await sql`
    select id from sessions where tenant = ${root.tenant} and root_session_id = ${root.sessionId}
  `.execute(database.db)
  for (const { id } of z.array(Row).parse(rows)) {
    const session = { tenant: root.tenant, sessionId: id }
    if (!(await deleteSession(session))) await eraseSession(database, session)
  }
  await eraseSession(database, root)
}

/** Deletes a session, with its children, that the state store does not have; resolves to false when the database does not have it either. */
export async function eraseLost(deps: ErasureDeps, session: SessionPlace): Promise<boolean> {
  const { tenant, sessionId } = session
  const { rows } = await sql`select 1 from sessions where tenant = ${tenant} and id = ${sessionId}`.execute(deps.database.db)
  if (rows.length > 0) await eraseFamily(deps, session)
  return rows.length > 0
}

/**
 * Deletes a session's events, messages, outputs, approvals, notifications and feedback, and notes that it was deleted, so that events that come late are not
 * written any more. The history of its approvals stays, because taking lines out would break its chain of hashes.
 */
async function eraseSession(database: Database, { tenant, sessionId }: SessionPlace): Promise<void> {
  await sql`
    with tombstone as (
      insert into deleted_sessions (tenant, id) values (${tenant}, ${sessionId}) on conflict do nothing
    ), erased_events as (
      delete from session_events where tenant = ${tenant} and session_id = ${sessionId}
    ), erased_messages as (
      delete from messages where tenant = ${tenant} and session_id = ${sessionId}
    ), erased_feedback as (
      delete from feedback where tenant = ${tenant} and session_id = ${sessionId}
    ), erased_responses as (
      delete from forgotten_responses where tenant = ${tenant} and session_id = ${sessionId}
    ), erased_blobs as (
      delete from blobs where tenant = ${tenant} and session_id = ${sessionId}
    ), erased_notifications as (
      delete from notifications where tenant = ${tenant}
        and approval_id in (select id from approvals where tenant = ${tenant} and session_id = ${sessionId})
    ), erased_approvals as (
      delete from approvals where tenant = ${tenant} and session_id = ${sessionId}
    )
    delete from sessions where tenant = ${tenant} and id = ${sessionId}
  `.execute(database.db)
}
