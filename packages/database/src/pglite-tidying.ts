import type { PGlite } from '@electric-sql/pglite'
import { z } from 'zod'
import { isPanic } from './backend-panic.ts'

const tidyEveryMs = 60_000
const Table = z.object({ name: z.string() })

/**
 * Does what autovacuum does on a server, since PGlite has no background processes: tables with many deleted or changed rows are vacuumed and analysed, one at a
 * time, while no client is served. The shares are PostgreSQL's defaults for autovacuum (20 % dead, 10 % changed since the last ANALYZE); the number of rows is
 * 500 instead of 50, which leaves small tables alone.
 */
export function startTidying(
  db: Pick<PGlite, 'query' | 'exec'>,
  { isQuiet, onBroken }: { isQuiet(): boolean; onBroken(cause: unknown): void },
): { stop(): void } {
  let isTidying = false
  const timer = setInterval(async () => {
    if (isTidying || !isQuiet()) return
    isTidying = true
    // Anything but a panic, such as a table that was dropped meanwhile, is tried again in a minute.
    await tidyTables(db, isQuiet).catch((cause: unknown) => {
      if (isPanic(cause)) onBroken(cause)
    })
    isTidying = false
  }, tidyEveryMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** Vacuums the tables that need it, and answers which. Stops early when clients come. */
export async function tidyTables(db: Pick<PGlite, 'query' | 'exec'>, isQuiet: () => boolean): Promise<string[]> {
  // PostgreSQL writes its counts with a delay; this has them written now.
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
