import { sql } from 'kysely'

/** Whether the database is the embedded one, as SQL. */
export const isEmbedded = sql<boolean>`(version() like '%emscripten%')`
