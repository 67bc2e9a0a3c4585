import { createHash } from 'node:crypto'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isUndefinedObject } from './database-errors.ts'
import type { Schema } from './schema.ts'

/** A query of the embedded database that answers one JSON value. Keep the object, and pass the same one each time: its text is compiled once per object. */
export interface KeptQuery {
  /** The types of `$1`, `$2` and so on in the query. */
  parameters: string[]
  /** The settings it is planned and run with. */
  settings: Record<string, string>
  /** Holds no bound values: what differs between calls is a parameter, and what the planner has to see is a literal. */
  query: RawBuilder<unknown>
}

/** How many queries with parameters of the same types are kept at once; each takes the database some 100 kB. A further one replaces the least recently asked. */
const keptMax = 32

/** A function in the database, and the key of the query that it was last given. */
interface Slot {
  name: string
  key: string
}

/** The slots by key, the least recently asked first, and these by the types of their parameters: PostgreSQL replaces a function only by one of the same types. */
type Slots = Map<string, Map<string, Slot>>
const slotsOf = new WeakMap<Kysely<Schema>, Slots>()

/**
 * Asks a query whose plan is made once and used again: the embedded database takes as long to plan a search as to find a hundred chunks. The query becomes a
 * temporary function, made when it is first asked and gone when the database stops. The embedded database has a single session, so the function serves
 * everybody; on a server each connection would have to make its own. PostgreSQL plans anew, under the same settings, once the tables it rests on have changed.
 *
 * A function is replaced and never dropped, because the database frees the memory of what was replaced, but not of what was dropped. Each call passes the key
 * of its query, and a function that holds another one refuses: another process may have replaced it.
 */
export async function askKept({ db }: { db: Kysely<Schema> }, kept: KeptQuery, values: readonly unknown[]): Promise<unknown> {
  const plan = planOf(db, kept)
  const slot = slotFor(db, plan)
  try {
    return await ask(db, slot, values)
  } catch (cause) {
    if (!isUndefinedObject(cause)) throw cause
    return db.transaction().execute(async (transaction) => {
      await create(transaction, { ...kept, ...slot, text: plan.text })
      return ask(transaction, slot, values)
    })
  }
}

async function ask(db: Kysely<Schema>, { name, key }: Slot, values: readonly unknown[]): Promise<unknown> {
  const { rows } = await sql<{ answer: unknown }>`select ${sql.raw(name)}(${sql.join([...values, key])}) as answer`.execute(db)
  return rows[0]?.answer
}

/** `key` is a hash of the query's text and settings, `types` one of the types of its parameters. */
interface Plan {
  text: string
  key: string
  types: string
}
const plans = new WeakMap<KeptQuery, Plan>()

function planOf(db: Kysely<Schema>, kept: KeptQuery): Plan {
  const known = plans.get(kept)
  if (known !== undefined) return known
  const text = kept.query.compile(db).sql
  const plan = { text, key: digest(JSON.stringify([kept.settings, text])), types: digest(kept.parameters.join()) }
  plans.set(kept, plan)
  return plan
}

function slotFor(db: Kysely<Schema>, { key, types }: Plan): Slot {
  const slots: Slots = slotsOf.get(db) ?? new Map()
  slotsOf.set(db, slots)
  const slotsNow = slots.get(types) ?? new Map<string, Slot>()
  slots.set(types, slotsNow)
  const slot = slotsNow.get(key) ?? { name: nextName(slotsNow, types), key }
  slotsNow.delete(key)
  slotsNow.set(key, slot)
  return slot
}

function nextName(slots: Map<string, Slot>, types: string): string {
  const [oldest] = slots.values()
  if (oldest === undefined || slots.size < keptMax) return `pg_temp.kept_${types}_${slots.size}`
  slots.delete(oldest.key)
  return oldest.name
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20)
}

async function create(
  db: Kysely<Schema>,
  { name, key, text, parameters, settings }: KeptQuery & Slot & { text: string },
): Promise<void> {
  const set = Object.entries({ plan_cache_mode: 'force_generic_plan', ...settings }).map(
    ([setting, value]) => `set ${setting} = ${value}`,
  )
  const types = [...parameters, 'text']
  const isAnother = `$${types.length} <> '${key}'`
  const body = `declare answer json; begin if ${isAnother} then raise undefined_function; end if; ${text} into answer; return answer; end`
  await sql`
    create or replace function ${sql.raw(name)}(${sql.raw(types.join())}) returns json language plpgsql ${sql.raw(set.join(' '))}
    as ${sql.lit(body)}
  `.execute(db)
}
