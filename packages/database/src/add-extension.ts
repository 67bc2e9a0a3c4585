import { errorMessage, WeftError } from '@weft/contracts'
import { type Kysely, sql } from 'kysely'
import { cannotAddExtension } from './database-errors.ts'
import type { Schema } from './schema.ts'

/** Adds an extension, unless it is there. Throws `conflict`, which says what to do, when this role may not, or the server does not have it. */
export async function addExtension(db: Kysely<Schema>, name: string): Promise<void> {
  try {
    await sql`create extension if not exists ${sql.id(name)}`.execute(db)
  } catch (cause) {
    if (!cannotAddExtension(cause)) throw cause
    const message = `the database of DATABASE_URLS lacks the extension "${name}" (${errorMessage(cause)}): install it on the server, and run "create extension ${name}" in this database as a superuser`
    throw new WeftError('conflict', message, { cause })
  }
}
