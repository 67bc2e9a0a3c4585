import { type Embedder, type EmbeddingModel, WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { queueMissing } from './postgres-embedding-queue.ts'

const ModelRow = z.object({
  id: z.string(),
  dimensions: z.int(),
  state: z.enum(['active', 'stored', 'building', 'retired']),
  rebuildStartedAt: z.date().nullable(),
})

/**
 * A model with vectors in the database. `active`: searches use its vectors, and new chunks get them. `stored`: its vectors are kept, but not used. `building`: its
 * vectors are made since `rebuildStartedAt`, to replace those of the active model. `retired`: its vectors are being deleted.
 */
export type StoredModel = z.infer<typeof ModelRow>

export async function listEmbeddingModels({ db }: Pick<Database, 'db'>): Promise<StoredModel[]> {
  const { rows } = await sql`
    select id, dimensions, case when is_active then 'active' when rebuild_started_at is not null then 'building'
      when retired_at is not null then 'retired' else 'stored' end as state,
      rebuild_started_at as "rebuildStartedAt"
    from embedding_models order by created_at, id
  `.execute(db)
  return rows.map((row) => ModelRow.parse(row))
}

export const rebuildCommand = 'npx weft embeddings rebuild'

/** The model that is active now; `problem` says why it is not the chosen one. */
type Settled = { active: string | undefined; problem?: string | undefined }

export type ChosenModels = {
  /** The model that the settings name; undefined when none is, and search goes by words only. */
  chosen: Embedder | undefined
  /** Whether a model can be called. */
  canEmbed(id: string): boolean
}

/**
 * Makes the chosen model active, and queues the chunks that have no vectors of it. Vectors of two models are never mixed: when another model has vectors in the
 * database, that model stays active until a rebuild has replaced them, and if it cannot be called, search goes by words. Throws what the embedder throws, and
 * `conflict` when the chosen model's vectors have another size than those that are stored of it.
 */
export async function settleEmbeddingModel(database: Database, { chosen, canEmbed }: ChosenModels): Promise<Settled> {
  if (chosen === undefined) {
    await deactivate(database)
    return { active: undefined }
  }
  const models = await listEmbeddingModels(database)
  const other = modelInTheWay(models, chosen)
  if (other === undefined) {
    await activate(database, await chosen.describe())
    return { active: chosen.id }
  }
  const mayGoOn = canEmbed(other.id)
  if (!mayGoOn) await deactivate(database)
  else if (other.state === 'stored') await activate(database, { ...other, isNormalised: true })
  return { active: mayGoOn ? other.id : undefined, problem: problemOfEmbedder(models, { chosen, canEmbed }) }
}

function modelInTheWay(models: StoredModel[], chosen: Embedder): StoredModel | undefined {
  return models.find(({ id, state }) => id !== chosen.id && (state === 'active' || state === 'stored'))
}

/** Why searches do not use the chosen model, and what to do about it; undefined when they do, or when none is chosen. */
export function problemOfEmbedder(models: StoredModel[], { chosen, canEmbed }: ChosenModels): string | undefined {
  const other = chosen === undefined ? undefined : modelInTheWay(models, chosen)
  if (chosen === undefined || other === undefined) return undefined
  const isBuilding = models.some(({ id, state }) => id === chosen.id && state === 'building')
  const remedy = isBuilding
    ? `those of ${chosen.id} are being made`
    : `"${rebuildCommand}" makes those of ${chosen.id}, and ${other.id} set as WEFT_EMBEDDER keeps what is there`
  const meanwhile = canEmbed(other.id)
    ? `${other.id} goes on until it is done`
    : `${other.id} cannot be asked, search goes by words`
  return `the vectors stored are those of ${other.id}, and ${chosen.id} cannot be compared with them: ${remedy}; ${meanwhile}`
}

/** Makes no model active. Files that only waited for vectors are complete without them. */
async function deactivate(database: Database): Promise<void> {
  await sql`
    with gone as (update embedding_models set is_active = false where is_active returning id),
      queue as (delete from embedding_queue where model in (select id from gone))
    update vector_store_files set status = 'completed' where status = 'embedding'
  `.execute(database.db)
}

async function activate(database: Database, model: Omit<EmbeddingModel, 'inputTokensMax'>): Promise<void> {
  const { id, dimensions, isNormalised } = model
  const { rows } = await sql`
    insert into embedding_models (id, dimensions, is_normalised, is_active) values (${id}, ${dimensions}, ${isNormalised}, true)
    on conflict (id) do update set is_active = true, rebuild_started_at = null, retired_at = null
    where embedding_models.dimensions = excluded.dimensions returning 1
  `.execute(database.db)
  if (rows.length === 0) throw otherSize(model)
  await queueMissing(database, id)
}

export function otherSize({ id, dimensions }: Pick<EmbeddingModel, 'id' | 'dimensions'>): WeftError {
  return new WeftError(
    'conflict',
    `${id} now makes vectors of ${dimensions} dimensions, and those stored of it have others: serve it under another name, set that as WEFT_EMBEDDER, and run "${rebuildCommand}"`,
  )
}
