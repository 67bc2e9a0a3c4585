import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { SessionPlace } from '../core/session-place.ts'

export interface ErasureDeps {
  database: Database
  /** Deletes another session; false when the store does not have it. */
  deleteSession(session: SessionPlace): Promise<boolean>
}

const Row = z.object({ id: z.string() })

/** Also sessions that it opened in turns it keeps no more: they are found in the database, and deleted before it is. */
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

/** Erases a session that the state store does not have; false when the log does not have it either. */
export async function eraseLost(deps: ErasureDeps, session: SessionPlace): Promise<boolean> {
  const { tenant, sessionId } = session
  const { rows } = await sql`select 1 from sessions where tenant = ${tenant} and id = ${sessionId}`.execute(deps.database.db)
  if (rows.length > 0) await eraseFamily(deps, session)
  return rows.length > 0
}

/**
 * Takes a session's events, messages, outputs, approvals and what told of them out of the database, and keeps that it was deleted, so that nothing late is
 * written again. The history of its approvals stays: it is a chain.
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
