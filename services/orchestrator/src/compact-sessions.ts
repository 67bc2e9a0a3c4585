import { sessionActorId } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import type { Sidecar } from '@weft/mesh'
import type { Logger } from '@weft/telemetry'
import { z } from 'zod'
import { compactAfterMs } from './core/compact-session.ts'

export interface CompactingDeps {
  database: Database
  sidecar: Pick<Sidecar, 'callActor'>
  logger: Pick<Logger, 'info' | 'warn'>
}

/** Sessions of one sweep at most; a sweep that found as many is followed by the next soon. */
const sweepMax = 200
const sweepEveryMs = 600_000
const sweepSoonMs = 5_000

const Row = z.object({ tenant: z.string(), id: z.string() })
const Compacted = z.object({ isCompact: z.boolean() })

/** Sessions that ended a day ago give up their state in the store. Every host sweeps; doing it twice changes nothing. */
export function startCompacting(deps: CompactingDeps): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const sweep = async () => {
    const count = await compactSettled(deps).catch((cause: unknown) => {
      deps.logger.warn('compacting ended sessions failed', { cause: String(cause) })
      return 0
    })
    if (count > 0) deps.logger.info('ended sessions were compacted', { count })
    if (!isStopped) timer = setTimeout(sweep, count === sweepMax ? sweepSoonMs : sweepEveryMs)
  }
  timer = setTimeout(sweep, sweepSoonMs)
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** Answers how many sessions it compacted. */
export async function compactSettled({ database, sidecar }: Omit<CompactingDeps, 'logger'>): Promise<number> {
  const { rows } = await sql`
    select tenant, id from sessions
    where compacted_at is null and status in ('completed', 'failed', 'cancelled')
      and updated_at < now() - make_interval(secs => ${compactAfterMs / 1_000})
    order by updated_at limit ${sweepMax}
  `.execute(database.db)
  let count = 0
  for (const { tenant, id } of z.array(Row).parse(rows)) {
    const actor = { type: 'Session', id: sessionActorId(tenant, id), method: 'compact' }
    const { isCompact } = await sidecar.callActor(actor, { schema: Compacted })
    if (!isCompact) continue
    await sql`
      with outputs as (delete from blobs where tenant = ${tenant} and session_id = ${id})
      update sessions set compacted_at = now() where tenant = ${tenant} and id = ${id}
    `.execute(database.db)
    count += 1
  }
  return count
}
