import { errorMessage, WeftError } from '@weft/contracts'
import { type Kysely, sql } from 'kysely'
import { lacksRight } from './database-errors.ts'
import { ensureBm25 } from './ensure-bm25.ts'
import type { Database } from './open-database.ts'
import * as knowledge from './migrations/0001-knowledge.ts'
import * as sessions from './migrations/0002-sessions.ts'
import * as approvals from './migrations/0003-approvals.ts'
import * as blobs from './migrations/0004-blobs-of-sessions.ts'
import * as rotation from './migrations/0005-webhook-rotation.ts'
import * as creation from './migrations/0006-sessions-by-creation.ts'
import * as embeddings from './migrations/0007-embeddings.ts'
import * as plainBm25 from './migrations/0008-plain-bm25.ts'
import * as feedback from './migrations/0009-feedback.ts'
import * as rebuild from './migrations/0010-embeddings-rebuild.ts'
import * as storeFiles from './migrations/0011-store-files-by-creation.ts'
import * as modelCalls from './migrations/0012-model-calls.ts'
import * as budgets from './migrations/0013-budgets.ts'
import * as keyLimits from './migrations/0014-key-limits.ts'
import * as routing from './migrations/0015-routing.ts'
import * as chunkHeaders from './migrations/0016-chunk-headers.ts'
import * as responses from './migrations/0018-responses.ts'
import * as followLedger from './migrations/0019-budgets-follow-the-ledger.ts'
import * as uploadKeys from './migrations/0020-upload-keys.ts'
import * as textPieces from './migrations/0022-texts-in-pieces.ts'
import * as withoutSorting from './migrations/0023-without-sorting.ts'
import * as searchPlainBm25 from './migrations/0024-search-plain-bm25.ts'
import * as searchByIndex from './migrations/0025-search-by-index.ts'
import * as settings from './migrations/0027-settings.ts'
import * as auditLog from './migrations/0028-audit-log.ts'
import * as expiry from './migrations/0029-expiry.ts'
import * as waitingByTenant from './migrations/0030-waiting-by-tenant.ts'
import * as retention from './migrations/0031-retention.ts'
import * as endedSessions from './migrations/0032-ended-sessions.ts'
import * as deletedPlaces from './migrations/0033-deleted-places.ts'
import * as forgottenResponses from './migrations/0034-forgotten-responses.ts'
import * as placesOfShortLists from './migrations/0035-places-of-short-lists.ts'
import * as approvalsBySession from './migrations/0036-approvals-by-session.ts'
import * as refusedTurns from './migrations/0037-refused-turns.ts'
import type { Schema } from './schema.ts'

interface Migration {
  name: string
  up(db: Kysely<Schema>): Promise<void>
  down(db: Kysely<Schema>): Promise<void>
}

/** In the order they are applied; a migration that was released is never changed. */
export const migrations: Migration[] = [
  { name: '0001-knowledge', up: knowledge.up, down: knowledge.down },
  { name: '0002-sessions', up: sessions.up, down: sessions.down },
  { name: '0003-approvals', up: approvals.up, down: approvals.down },
  { name: '0004-blobs-of-sessions', up: blobs.up, down: blobs.down },
  { name: '0005-webhook-rotation', up: rotation.up, down: rotation.down },
  { name: '0006-sessions-by-creation', up: creation.up, down: creation.down },
  { name: '0007-embeddings', up: embeddings.up, down: embeddings.down },
  { name: '0008-plain-bm25', up: plainBm25.up, down: plainBm25.down },
  { name: '0009-feedback', up: feedback.up, down: feedback.down },
  { name: '0010-embeddings-rebuild', up: rebuild.up, down: rebuild.down },
  { name: '0011-store-files-by-creation', up: storeFiles.up, down: storeFiles.down },
  { name: '0012-model-calls', up: modelCalls.up, down: modelCalls.down },
  { name: '0013-budgets', up: budgets.up, down: budgets.down },
  { name: '0014-key-limits', up: keyLimits.up, down: keyLimits.down },
  { name: '0015-routing', up: routing.up, down: routing.down },
  { name: '0016-chunk-headers', up: chunkHeaders.up, down: chunkHeaders.down },
  { name: '0018-responses', up: responses.up, down: responses.down },
  { name: '0019-budgets-follow-the-ledger', up: followLedger.up, down: followLedger.down },
  { name: '0020-upload-keys', up: uploadKeys.up, down: uploadKeys.down },
  { name: '0022-texts-in-pieces', up: textPieces.up, down: textPieces.down },
  { name: '0023-without-sorting', up: withoutSorting.up, down: withoutSorting.down },
  { name: '0024-search-plain-bm25', up: searchPlainBm25.up, down: searchPlainBm25.down },
  { name: '0025-search-by-index', up: searchByIndex.up, down: searchByIndex.down },
  { name: '0027-settings', up: settings.up, down: settings.down },
  { name: '0028-audit-log', up: auditLog.up, down: auditLog.down },
  { name: '0029-expiry', up: expiry.up, down: expiry.down },
  { name: '0030-waiting-by-tenant', up: waitingByTenant.up, down: waitingByTenant.down },
  { name: '0031-retention', up: retention.up, down: retention.down },
  { name: '0032-ended-sessions', up: endedSessions.up, down: endedSessions.down },
  { name: '0033-deleted-places', up: deletedPlaces.up, down: deletedPlaces.down },
  { name: '0034-forgotten-responses', up: forgottenResponses.up, down: forgottenResponses.down },
  { name: '0035-places-of-short-lists', up: placesOfShortLists.up, down: placesOfShortLists.down },
  { name: '0036-approvals-by-session', up: approvalsBySession.up, down: approvalsBySession.down },
  { name: '0037-refused-turns', up: refusedTurns.up, down: refusedTurns.down },
]

export interface MigrationStatus {
  name: string
  appliedAt: Date | undefined
}

/**
 * Applies the migrations that are missing, each in a transaction of its own, and makes what a restored dump could not bring along. Any number of processes may
 * call it at once. Answers the names applied. Throws `conflict` for a database that a newer version has migrated further than this one knows,
 * that lacks an extension, or in which this role may not make tables.
 */
export async function migrateUp(database: Database): Promise<string[]> {
  return applyMissing(database).catch((cause: unknown) => {
    throw lacksRight(cause) ? mayNot(cause) : cause
  })
}

async function applyMissing(database: Database): Promise<string[]> {
  const newest = (await migrationStatus(database)).at(-1)?.name ?? ''
  if (!isKnown(newest)) throw isNewer(newest)
  const applied: string[] = []
  for (const migration of migrations) if (await applyOne(database, migration)) applied.push(migration.name)
  await locked(database, ensureBm25)
  return applied
}

/** Takes back the newest `steps` migrations, and deletes the data that only they can hold. Answers the names taken back. */
export async function migrateDown(database: Database, steps: number): Promise<string[]> {
  await ensureTable(database)
  const applied = (await migrationStatus(database))
    .filter((status) => status.appliedAt !== undefined)
    .map((status) => status.name)
  const names = applied.toReversed().slice(0, steps)
  for (const name of names) {
    const migration = migrations.find((candidate) => candidate.name === name)
    if (migration === undefined) throw isNewer(name)
    await locked(database, async (db) => {
      await migration.down(db)
      await sql`delete from weft_migrations where name = ${name}`.execute(db)
    })
  }
  return names
}

/** The migrations of this version in their order, then those in the database that only a newer version knows. */
export async function migrationStatus(database: Database): Promise<MigrationStatus[]> {
  await ensureTable(database)
  const { rows } = await sql<{ name: string; applied_at: Date }>`select name, applied_at from weft_migrations`.execute(
    database.db,
  )
  const own = migrations.map(({ name }) => ({ name, appliedAt: rows.find((row) => row.name === name)?.applied_at }))
  const newer = rows.filter(({ name }) => !isKnown(name)).map(({ name, applied_at: appliedAt }) => ({ name, appliedAt }))
  return [...own, ...newer.toSorted((a, b) => (a.name < b.name ? -1 : 1))]
}

function isKnown(name: string): boolean {
  return migrations.some((migration) => migration.name === name)
}

function isNewer(name: string): WeftError {
  return new WeftError(
    'conflict',
    `the database was migrated by a newer version of Weft: it has "${name}", and this version's last is "${migrations.at(-1)?.name}"; start that version, or restore the backup from before the upgrade`,
  )
}

function mayNot(cause: unknown): WeftError {
  const message = `the role of DATABASE_URLS may not make the tables of Weft (${errorMessage(cause)}): make it the owner of its database`
  return new WeftError('conflict', message, { cause })
}

async function applyOne(database: Database, migration: Migration): Promise<boolean> {
  return locked(database, async (db) => {
    const known = await sql`select 1 from weft_migrations where name = ${migration.name}`.execute(db)
    if (known.rows.length > 0) return false
    await migration.up(db)
    await sql`insert into weft_migrations (name) values (${migration.name})`.execute(db)
    return true
  })
}

/** Acts in a transaction under a table lock. An advisory lock of the session would not do: in PGlite all connections share one session. */
function locked<T>(database: Database, act: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  return database.db.transaction().execute(async (db) => {
    await sql`lock table weft_migrations in exclusive mode`.execute(db)
    return act(db)
  })
}

async function ensureTable(database: Database): Promise<void> {
  const { rows } = await sql`select 1 where to_regclass('weft_migrations') is not null`.execute(database.db)
  if (rows.length > 0) return
  await sql`create table if not exists weft_migrations (name text primary key, applied_at timestamptz not null default now())`
    .execute(database.db)
    .catch((cause: unknown) => {
      // Of two processes that create it at the same moment the second fails like this: the table is there.
      if (!String(cause).includes('duplicate key') && !String(cause).includes('already exists')) throw cause
    })
}
