import { WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { SessionPlace } from '../core/session-place.ts'

/** A session's turn waits for the database here, and must not hang with it. */
const putPatienceMs = 1_000

/** Large outputs, outside the actor's state, by content hash: each written once. */
export interface BlobStore {
  /**
   * Resolves to whether the blob is stored: false when the database failed or took longer than a second, and then the caller keeps the value itself. A
   * blob that was there counts as new from now on, so that compacting the session's older turns does not delete it.
   */
  put(session: SessionPlace, blob: { hash: string; json: string }): Promise<boolean>
  get(session: SessionPlace, hash: string): Promise<unknown>
}

const Row = z.object({ content: z.unknown() })

export function createBlobStore(database: Database): BlobStore {
  return {
    async put({ tenant, sessionId }, { hash, json }) {
      const stored = sql`
        insert into blobs (tenant, session_id, hash, content) values (${tenant}, ${sessionId}, ${hash}, ${json}::jsonb)
        on conflict (tenant, session_id, hash) do update set created_at = now()
      `.execute(database.db)
      const late = Promise.withResolvers<false>()
      const timer = setTimeout(late.resolve, putPatienceMs, false)
      const isStored = stored.then(
        () => true,
        () => false,
      )
      return Promise.race([isStored, late.promise]).finally(() => clearTimeout(timer))
    },
    async get({ tenant, sessionId }, hash) {
      // Blobs that were stored before they belonged to sessions have an empty session id.
      const { rows } = await sql`
        select content from blobs where tenant = ${tenant} and session_id in (${sessionId}, '') and hash = ${hash} limit 1
      `.execute(database.db)
      const [row] = z.array(Row).parse(rows)
      if (row === undefined)
        throw new WeftError('internal_error', `the blob ${hash} of this session is missing from the database`)
      return row.content
    },
  }
}
