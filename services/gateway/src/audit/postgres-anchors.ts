import { parseValue } from '@weft/contracts'
import { type Database, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import type { ChainAnchor } from './verify-chain.ts'

/** The chains of hashes whose oldest lines may be moved into the archive. */
export type ChainName = 'audit' | 'approvals'

const RemovedRow = z.object({ history: z.enum(['calls', 'audit', 'approvals']), removed_until: RowTime })
const Row = z.object({ position: z.coerce.number(), hash: z.string(), removed_until: RowTime })

/** The last line that was removed from a tenant's chain; undefined while none was. */
export async function readAnchor(
  { db }: Pick<Database, 'db'>,
  { tenant, chain }: { tenant: string; chain: ChainName },
): Promise<ChainAnchor | undefined> {
  const { rows } = await sql`
    select position, hash, removed_until from retention_anchors where tenant = ${tenant} and history = ${chain}
  `.execute(db)
  if (rows[0] === undefined) return undefined
  const { position, hash, removed_until: at } = parseValue(Row, rows[0], 'the anchor of a chain')
  return { position, hash, at }
}

/** For each of a tenant's histories from which something was removed: when the newest of what was removed had happened. */
export async function readRemovedUntil(
  { db }: Pick<Database, 'db'>,
  tenant: string,
): Promise<Partial<Record<'calls' | ChainName, string>>> {
  const { rows } = await sql`select history, removed_until from retention_anchors where tenant = ${tenant}`.execute(db)
  const anchors = rows.map((row) => parseValue(RemovedRow, row, 'an anchor'))
  return Object.fromEntries(anchors.map(({ history, removed_until }) => [history, removed_until]))
}
