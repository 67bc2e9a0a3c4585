import { WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'

/** An actor's turn waits for this: a database that hangs must not hold sessions with it. */
const putPatienceMs = 1_000

/** Large outputs, outside the actor's state, by content hash: each written once. */
export interface BlobStore {
  /** Whether the blob is stored; false when the database has not taken it within a second, so that the caller keeps the value itself. */
  put(tenant: string, blob: { hash: string; json: string }): Promise<boolean>
  get(tenant: string, hash: string): Promise<unknown>
}

const Row = z.object({ content: z.unknown() })

export function createBlobStore(database: Database): BlobStore {
  return {
    async put(tenant, { hash, json }) {
      const stored = sql`
        insert into blobs (tenant, hash, content) values (${tenant}, ${hash}, ${json}::jsonb) on conflict do nothing
      `.execute(database.db)
      const late = Promise.withResolvers<false>()
      const timer = setTimeout(late.resolve, putPatienceMs, false)
      const isStored = stored.then(
        () => true,
        () => false,
      )
      return Promise.race([isStored, late.promise]).finally(() => clearTimeout(timer))
    },
    async get(tenant, hash) {
      const { rows } = await sql`select content from blobs where tenant = ${tenant} and hash = ${hash}`.execute(database.db)
      const [row] = z.array(Row).parse(rows)
      if (row === undefined)
        throw new WeftError('internal_error', `the blob ${hash} of this session is missing from the database`)
      return row.content
    },
  }
}
