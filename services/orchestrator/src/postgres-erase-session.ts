import { type Database, sql } from '@weft/database'

/**
 * Takes a session's events, messages, outputs and approvals out of the database, and keeps that it was deleted, so that nothing late is
 * written again. The history of its approvals stays: it is a chain.
 */
export async function eraseSession(
  database: Database,
  { tenant, sessionId }: { tenant: string; sessionId: string },
): Promise<void> {
  await sql`
    with tombstone as (
      insert into deleted_sessions (tenant, id) values (${tenant}, ${sessionId}) on conflict do nothing
    ), erased_events as (
      delete from session_events where tenant = ${tenant} and session_id = ${sessionId}
    ), erased_messages as (
      delete from messages where tenant = ${tenant} and session_id = ${sessionId}
    ), erased_blobs as (
      delete from blobs where tenant = ${tenant} and session_id = ${sessionId}
    ), erased_notifications as (
      delete from notifications where tenant = ${tenant} and delivered_at is null
        and approval_id in (select id from approvals where tenant = ${tenant} and session_id = ${sessionId})
    ), erased_approvals as (
      delete from approvals where tenant = ${tenant} and session_id = ${sessionId}
    )
    delete from sessions where tenant = ${tenant} and id = ${sessionId}
  `.execute(database.db)
}
