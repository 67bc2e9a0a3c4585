import { createHash } from 'node:crypto'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isUndefinedObject } from './database-errors.ts'
import type { Schema } from './schema.ts'

/** A query of the embedded database that answers one JSON value. */
export interface KeptQuery {
  /** Types of what is `$1`, `$2` and so on in the query. */
  parameters: string[]
  /** Settings it is planned and run under. */
  settings: Record<string, string>
  /** Without values of its own: what differs from call to call is a parameter, what the planner has to see a literal. */
  query: RawBuilder<unknown>
}

/** Kept at once; each takes the database some 100 kB. The one asked least lately makes room. */
const keptMax = 32
const keptNames = new WeakMap<Kysely<Schema>, Set<string>>()

/**
 * Asks a query by a plan that is made once: the embedded database takes as long to plan a search as to find a hundred chunks. It becomes a function of
 * the session, which there is only one of, made when it is first asked and gone when the database stops; a plan is made anew, under the same settings, after
 * what it rests on changed. Elsewhere each connection would have to make it.
 */
export async function askKept({ db }: { db: Kysely<Schema> }, kept: KeptQuery, values: readonly unknown[]): Promise<unknown> {
  const body = bodyOf(db, kept)
  const name = `pg_temp.kept_${createHash('sha256').update(body).digest('hex').slice(0, 20)}`
  const ask = async () => {
    const { rows } = await sql<{ answer: unknown }>`select ${sql.raw(name)}(${sql.join(values)}) as answer`.execute(db)
    return rows[0]?.answer
  }
  await makeRoom(db, name)
  try {
    return await ask()
  } catch (cause) {
    if (!isUndefinedObject(cause)) throw cause
    await create(db, { ...kept, name, body })
    return ask()
  }
}

async function makeRoom(db: Kysely<Schema>, name: string): Promise<void> {
  const names = keptNames.get(db) ?? new Set<string>()
  keptNames.set(db, names)
  names.delete(name)
  names.add(name)
  const [oldest] = names
  if (names.size <= keptMax || oldest === undefined) return
  names.delete(oldest)
  await sql`drop function if exists ${sql.raw(oldest)}`.execute(db)
}

function bodyOf(db: Kysely<Schema>, { query }: KeptQuery): string {
  return `declare answer json; begin ${query.compile(db).sql} into answer; return answer; end`
}

async function create(
  db: Kysely<Schema>,
  { name, body, parameters, settings }: KeptQuery & { name: string; body: string },
): Promise<void> {
  const set = Object.entries({ plan_cache_mode: 'force_generic_plan', ...settings }).map(
    ([key, value]) => `set ${key} = ${value}`,
  )
  await sql`
    create or replace function ${sql.raw(name)}(${sql.raw(parameters.join())}) returns json language plpgsql ${sql.raw(set.join(' '))}
    as ${sql.lit(body)}
  `.execute(db)
}
