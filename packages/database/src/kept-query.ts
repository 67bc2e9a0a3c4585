import { createHash } from 'node:crypto'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isUndefinedObject } from './database-errors.ts'
import type { Schema } from './schema.ts'

/** A query of the embedded database that answers one JSON value. Who asks it often keeps it: what follows from it is worked out once. */
export interface KeptQuery {
  /** Types of what is `$1`, `$2` and so on in the query. */
  parameters: string[]
  /** Settings it is planned and run under. */
  settings: Record<string, string>
  /** Without values of its own: what differs from call to call is a parameter, what the planner has to see a literal. */
  query: RawBuilder<unknown>
}

/** Kept at once, of those with parameters of the same types; each takes the database some 100 kB. The one asked least lately makes room. */
const keptMax = 32

/** A function that holds one kept query after the other, and what it was last given to hold. */
interface Slot {
  name: string
  key: string
}

/** By the types of their parameters: a function is replaced by one of the same types only. */
type Slots = Map<string, Map<string, Slot>>
const slotsOf = new WeakMap<Kysely<Schema>, Slots>()

/**
 * Asks a query by a plan that is made once: the embedded database takes as long to plan a search as to find a hundred chunks. It becomes a function of
 * the session, which there is only one of, made when it is first asked and gone when the database stops; a plan is made anew, under the same settings, after
 * what it rests on changed. Elsewhere each connection would have to make it.
 *
 * A function is replaced and never dropped: the database gives back the memory of what was replaced, but not of what was dropped. It knows what it
 * holds, since another process may have given it something else.
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

/** `key` and `types` are hashes: of text and settings, and of the parameters' types. */
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
