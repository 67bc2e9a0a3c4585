import { hasCode, sessionActorId } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'
import { compactAfterMs } from '../core/compact-session.ts'

export interface CompactingDeps {
  database: Database
  sidecar: Pick<Sidecar, 'callActor'>
  logger: Record<'info' | 'warn', (message: string, details: object) => unknown>
}

/** Sessions looked at in one sweep. A sweep that found as many is followed by the next after 5 s, otherwise after 10 min. */
const sweepMax = 200
const sweepEveryMs = 600_000
const sweepSoonMs = 5_000

const Row = z.object({ tenant: z.string(), id: z.string(), updatedAt: z.string(), sweptAt: z.string() })
type Row = z.infer<typeof Row>
const Compacted = z.object({ isCompact: z.boolean() })

/** The last session that a sweep looked at, if there may be more behind it. */
export type SweepPosition = Pick<Row, 'updatedAt' | 'tenant' | 'id'>

/** Sessions that ended a day ago give up their state in the store. Every host sweeps; doing it twice changes nothing. */
export function startCompacting(deps: CompactingDeps): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let position: SweepPosition | undefined
  const sweep = async () => {
    const swept = await compactSettled(deps, position).catch((cause: unknown) => {
      deps.logger.warn('compacting ended sessions failed', { cause: String(cause) })
      return { count: 0, position: undefined }
    })
    position = swept.position
    if (swept.count > 0) deps.logger.info('ended sessions were compacted', { count: swept.count })
    if (!isStopped) timer = setTimeout(sweep, position === undefined ? sweepEveryMs : sweepSoonMs)
  }
  timer = setTimeout(sweep, sweepSoonMs)
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/**
 * Returns how many sessions it compacted and, where more may be due, the position behind which the next sweep goes on. Sessions that could not be
 * compacted are passed over until the sweeps start from the beginning again.
 */
export async function compactSettled(
  { database, sidecar, logger }: CompactingDeps,
  after?: SweepPosition,
): Promise<{ count: number; position: SweepPosition | undefined }> {
  const rows = await settledAfter(database, after)
  const problems: unknown[] = []
  let count = 0
  for (const row of rows) {
    try {
      if (!(await isCompacted(sidecar, row))) continue
      await noteCompacted(database, row)
      count += 1
    } catch (cause) {
      problems.push(cause)
    }
  }
  if (problems.length > 0) {
    logger.warn('some ended sessions could not be compacted', { count: problems.length, cause: String(problems[0]) })
  }
  return { count, position: rows.length === sweepMax ? rows.at(-1) : undefined }
}

async function settledAfter(database: Database, after: SweepPosition | undefined): Promise<Row[]> {
  const { updatedAt, tenant, id } = after ?? { updatedAt: '-infinity', tenant: '', id: '' }
  const { rows } = await sql`
    select tenant, id, updated_at::text as "updatedAt", now()::text as "sweptAt" from sessions
    where compacted_at is null and status in ('completed', 'failed', 'cancelled')
      and updated_at < now() - make_interval(secs => ${compactAfterMs / 1_000})
      and (updated_at, tenant, id) > (${updatedAt}::timestamptz, ${tenant}, ${id})
    order by updated_at, tenant, id limit ${sweepMax}
  `.execute(database.db)
  return z.array(Row).parse(rows)
}

/** A session that the store does not have needs no compacting. */
async function isCompacted(sidecar: CompactingDeps['sidecar'], { tenant, id }: Row): Promise<boolean> {
  const actor = { type: 'Session', id: sessionActorId(tenant, id), method: 'compact' }
  try {
    return (await sidecar.callActor(actor, { schema: Compacted })).isCompact
  } catch (cause) {
    if (hasCode(cause, 'not_found')) return true
    throw cause
  }
}

/** The session may have gone on since the sweep began: then its newer outputs are kept, and it is not marked as compacted. */
async function noteCompacted(database: Database, { tenant, id, updatedAt, sweptAt }: Row): Promise<void> {
  await sql`
    with outputs as (
      delete from blobs where tenant = ${tenant} and session_id = ${id} and created_at < ${sweptAt}::timestamptz
    )
    update sessions set compacted_at = now()
    where tenant = ${tenant} and id = ${id} and updated_at = ${updatedAt}::timestamptz
  `.execute(database.db)
}
