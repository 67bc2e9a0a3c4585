import { type Database, isEmbedded, sql } from '@weft/database'

/** What kind of database a search runs in: in the embedded one vectors are compared in another precision, and plans of statements are kept. */
export type Place = { isEmbedded: boolean }

const places = new WeakMap<Database['db'], Place>()

/** Asks each database once. */
export async function placeOf({ db }: Pick<Database, 'db'>): Promise<Place> {
  const known = places.get(db)
  if (known !== undefined) return known
  const { rows } = await sql<Place>`select ${isEmbedded} as "isEmbedded"`.execute(db)
  const place = { isEmbedded: rows[0]?.isEmbedded === true }
  places.set(db, place)
  return place
}
