import { type Kysely, sql } from 'kysely'
import { isEmbedded } from '../is-embedded.ts'
import type { Schema } from '../schema.ts'

const ofModels = 'select model, array_agg(distinct chunk_id) from changed group by model'
const isCascade = 'pg_trigger_depth() > 0'
const place = (row: string) => `(${row}.n, ${row}.start_offset, ${row}.end_offset, ${row}.attributes ->> 'document_id')`

/** What is noted after which statements. Chunks that go take their vectors with them one by one: that is noted once, of the chunks. */
const notes: Record<string, { after: string; unless?: string; changes: string }> = {
  vectors_made: { after: 'insert on chunk_embeddings referencing new table as changed', changes: ofModels },
  vectors_changed: { after: 'update on chunk_embeddings referencing new table as changed', changes: ofModels },
  vectors_gone: { after: 'delete on chunk_embeddings referencing old table as changed', unless: isCascade, changes: ofModels },
  vectors_emptied: { after: 'truncate on chunk_embeddings', changes: 'select null, null' },
  models_gone: { after: 'delete on embedding_models referencing old table as gone', changes: 'select id, null from gone' },
  chunks_gone: {
    after: 'delete on chunks referencing old table as gone',
    changes: 'select null, array_agg(id) from gone having count(*) > 0',
  },
  chunks_moved: {
    after: 'update on chunks referencing old table as before new table as now',
    changes: `select null, array_agg(now.id) from now join before on before.id = now.id
      where ${place('now')} is distinct from ${place('before')} having count(*) > 0`,
  },
}

/**
 * Which vectors came, went or changed, for whoever holds copies of them: only in the embedded database, where it is quicker to compare copies elsewhere. What
 * changed before the server started is of no use to anybody, so the list need not outlive a crash. `chunks` is null where all may have changed.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql`select 1 where ${isEmbedded}`.execute(db)
  if (rows.length === 0) return
  await sql`
    create unlogged table vector_changes (id bigint generated always as identity primary key, model text, chunks bigint[])
  `.execute(db)
  for (const [name, { after, unless = 'false', changes }] of Object.entries(notes)) {
    const body = `begin insert into vector_changes (model, chunks) ${changes}; return null; end`
    await sql`create function ${sql.id(`note_${name}`)}() returns trigger language plpgsql as ${sql.lit(body)}`.execute(db)
    await sql`
      create trigger ${sql.id(name)} after ${sql.raw(after)} for each statement when (not (${sql.raw(unless)}))
      execute function ${sql.id(`note_${name}`)}()
    `.execute(db)
  }
}

export async function down(db: Kysely<Schema>): Promise<void> {
  for (const name of Object.keys(notes)) await sql`drop function if exists ${sql.id(`note_${name}`)} cascade`.execute(db)
  await sql`drop table if exists vector_changes`.execute(db)
}
