import { type Database, isEmbedded, sql } from '@weft/database'

/** Where a search runs: the embedded database compares vectors in other numbers, and keeps plans. */
export type Place = { isEmbedded: boolean }

const places = new WeakMap<Database['db'], Place>()

/** Asked once of a database. */
export async function placeOf({ db }: Pick<Database, 'db'>): Promise<Place> {
  const known = places.get(db)
  if (known !== undefined) return known
  const { rows } = await sql<Place>`select ${isEmbedded} as "isEmbedded"`.execute(db)
  const place = { isEmbedded: rows[0]?.isEmbedded === true }
  places.set(db, place)
  return place
}
