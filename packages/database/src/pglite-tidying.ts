import type { PGlite } from '@electric-sql/pglite'
import { z } from 'zod'
import { isPanic } from './backend-panic.ts'

const tidyEveryMs = 60_000
const Table = z.object({ name: z.string() })

/**
 * What autovacuum does on a server, and PGlite, which has no background processes, does not: tables with many deleted or changed rows
 * are vacuumed and analysed, one at a time, while no client is served. The thresholds are PostgreSQL's defaults for autovacuum
 * (50 rows and 20 % dead; 50 rows and 10 % changed since the last ANALYZE), with a floor that keeps small tables alone.
 */
export function startTidying(
  db: Pick<PGlite, 'query' | 'exec'>,
  { isQuiet, onBroken }: { isQuiet(): boolean; onBroken(cause: unknown): void },
): { stop(): void } {
  let isTidying = false
  const timer = setInterval(async () => {
    if (isTidying || !isQuiet()) return
    isTidying = true
    // What else fails now, such as a table that was dropped meanwhile, is looked at again in a minute.
    await tidyTables(db, isQuiet).catch((cause: unknown) => {
      if (isPanic(cause)) onBroken(cause)
    })
    isTidying = false
  }, tidyEveryMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** Vacuums what needs it; answers the tables done. Stops early when clients come. */
export async function tidyTables(db: Pick<PGlite, 'query' | 'exec'>, isQuiet: () => boolean): Promise<string[]> {
  // Counts are gathered lazily; these are wanted now.
  await db.exec('select pg_stat_force_next_flush()')
  const { rows } = await db.query(`
    select quote_ident(relname) as name from pg_stat_user_tables
    where n_dead_tup > 500 + 0.2 * n_live_tup or n_mod_since_analyze > 500 + 0.1 * n_live_tup
    order by n_dead_tup desc`)
  const done: string[] = []
  for (const { name } of z.array(Table).parse(rows)) {
    if (!isQuiet()) break
    await db.exec(`vacuum (analyze) ${name}`)
    done.push(name)
  }
  return done
}
