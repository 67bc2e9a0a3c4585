import { sql } from 'kysely'

/** SQL that is true in the embedded database, PGlite, which was compiled by Emscripten. */
export const isEmbedded = sql<boolean>`(version() like '%emscripten%')`
