import type { Logger } from '@weft/telemetry'
import type pg from 'pg'

/** One of several databases. */
export interface Candidate {
  host: string
  pool: pg.Pool
}

/** Where a database stands among copies of itself: PostgreSQL begins a timeline with a higher number when a standby is promoted. */
interface Standing {
  cluster: string
  /** Eight hexadecimal digits. */
  timeline: string
}

/**
 * Looks at all databases, and answers the first that takes writes and was not left behind: once a copy of a database was promoted, what is written is in that
 * copy alone. The newest timeline seen is remembered, so that a database that was left behind stays unused while its copy is away. Throws why the last one
 * cannot be used.
 */
export function createUsableFinder<T extends Candidate>(candidates: T[], logger?: Pick<Logger, 'warn'>): () => Promise<T> {
  const newest = new Map<string, string>()
  const passedOver = new Set<T>()

  function isLeftBehind(candidate: T, { cluster, timeline }: Standing): boolean {
    const isBehind = timeline < (newest.get(cluster) ?? '')
    if (!isBehind) passedOver.delete(candidate)
    else if (!passedOver.has(candidate)) {
      passedOver.add(candidate)
      logger?.warn('a database is passed over until it follows: its standby was promoted', { host: candidate.host })
    }
    return isBehind
  }

  return async () => {
    const looks = await Promise.allSettled(candidates.map(({ pool }) => readStanding(pool)))
    for (const look of looks) if (look.status === 'fulfilled') noteNewest(newest, look.value)
    let failure: unknown = new Error('connection ended: no database URL is configured')
    for (const [index, candidate] of candidates.entries()) {
      const look = looks[index]
      if (look?.status === 'rejected') failure = look.reason
      else if (look?.value === undefined || !isLeftBehind(candidate, look.value)) return candidate
      else failure = new Error('the database was left behind: its standby was promoted')
    }
    throw failure
  }
}

function noteNewest(newest: Map<string, string>, standing: Standing | undefined): void {
  if (standing !== undefined && standing.timeline > (newest.get(standing.cluster) ?? ''))
    newest.set(standing.cluster, standing.timeline)
}

/** Throws for a database that takes no writes. Undefined for one that takes them but does not let this user read its timeline. */
async function readStanding(pool: pg.Pool): Promise<Standing | undefined> {
  await refuseStandby(pool)
  const told = await pool
    .query<Standing>(
      'select system_identifier::text as cluster, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline from pg_control_system()',
    )
    .catch(() => undefined)
  return told?.rows[0]
}

/** Throws for a database that takes no writes. */
export async function refuseStandby(asked: Pick<pg.Client, 'query'>): Promise<void> {
  const { rows } = await asked.query(
    "select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as is_read_only",
  )
  if (rows[0]?.is_read_only !== false) throw new Error('the database is a read-only standby')
}
