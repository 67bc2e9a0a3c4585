import { WeftError } from '@weft/contracts'
import type { Database } from '@weft/database'
import {
  cancelRebuild,
  completeEmbeddedFiles,
  countWaiting,
  EmbeddingsState,
  embedChunks,
  listEmbeddingModels,
  problemOfEmbedder,
  readRebuild,
  rebuildVectors,
  settleEmbeddingModel,
  startRebuild,
} from '@weft/retrieval'
import type { Embedders } from './embedders.ts'
import { createEmbeddingWorker, type EmbeddingWorker, type EmbeddingWorkerOptions } from './embedding-worker.ts'

/** Makes the vectors of what is new, and on request those of another model beside them. */
export type Embedding = Omit<EmbeddingWorker, 'failure'> & {
  /** Whether the model that is chosen is the one in use, as far as this process knows. */
  isAsChosen(): boolean
  /** Whether a model was chosen and is not asked yet what its vectors are like: what is indexed meanwhile waits for them. */
  awaitsVectors(): boolean
  state(): Promise<EmbeddingsState>
  rebuild(): Promise<EmbeddingsState>
  cancelRebuild(): Promise<EmbeddingsState>
}

export type EmbeddingParts = {
  /** For what may take longer. */
  patient: Database
  embedders: Embedders
  logger: EmbeddingWorkerOptions['logger']
}

export function composeEmbedding({ patient: database, embedders, logger }: EmbeddingParts): Embedding {
  const { chosen } = embedders
  const canEmbed = (id: string) => embedders.of(id) !== undefined
  let isAsChosen = true
  let isSettled = chosen === undefined

  /** The chosen one, unless vectors of another are stored. */
  async function settle(): Promise<void> {
    const { active, problem } = await settleEmbeddingModel(database, { chosen, canEmbed })
    isAsChosen = problem === undefined
    isSettled = true
    if (active !== undefined) embedders.follow(active)
    if (problem !== undefined) logger.warn('the embedding model was changed', { cause: problem })
  }

  const worker = createEmbeddingWorker({
    activate: settle,
    async embed(signal) {
      const active = (await listEmbeddingModels(database)).find(({ state }) => state === 'active')
      if (active === undefined) await completeEmbeddedFiles(database)
      const embedder = active === undefined ? undefined : embedders.of(active.id)
      return embedder === undefined ? nothing : embedChunks({ database, embedder }, signal)
    },
    logger,
    lanes,
  })
  const rebuilder = createEmbeddingWorker({
    async embed(signal) {
      const round = await rebuildVectors({ database, embedder: chosen }, signal)
      if (round.switchedTo !== undefined) {
        isAsChosen = true
        embedders.follow(round.switchedTo)
        logger.info('search goes by another model', { model: round.switchedTo })
      }
      return round
    },
    logger,
  })

  const state = () => readState(database, { chosen, canEmbed, isSettled, failure: worker.failure() })

  return {
    start() {
      worker.start()
      rebuilder.start()
    },
    hint() {
      worker.hint()
      rebuilder.hint()
    },
    async stop() {
      await Promise.all([worker.stop(), rebuilder.stop()])
    },
    isAsChosen: () => isAsChosen,
    awaitsVectors: () => !isSettled,
    state,
    async rebuild() {
      if (chosen === undefined)
        throw new WeftError('invalid_request', 'no embedding model is set up: set WEFT_EMBEDDER, and start again')
      await startRebuild(database, chosen)
      rebuilder.hint()
      return state()
    },
    async cancelRebuild() {
      await cancelRebuild(database)
      rebuilder.hint()
      return state()
    },
  }
}

/** While one round reads and writes the database, the model has the texts of the other. */
const lanes = 2

const nothing = { embedded: 0, copied: 0 }

type Asked = Parameters<typeof problemOfEmbedder>[1] & { isSettled: boolean; failure: string | undefined }

async function readState(database: Database, { isSettled, failure, ...asked }: Asked): Promise<EmbeddingsState> {
  const models = await listEmbeddingModels(database)
  const chosen = asked.chosen?.id
  const active = models.find((model) => model.state === 'active')?.id
  const { chunks, rebuild, left } = await readRebuild(database, models, chosen)
  const waiting = active === undefined ? 0 : await countWaiting(database, active)
  const isInTheWay = failure !== undefined && (waiting > 0 || !isSettled)
  return EmbeddingsState.parse({
    chosen: chosen ?? null,
    active: active ?? null,
    problem: problemOfEmbedder(models, asked) ?? null,
    chunks,
    waiting,
    failure: isInTheWay ? `${active ?? chosen} makes no vectors: ${failure}` : null,
    left: left ?? null,
    rebuild:
      rebuild === undefined
        ? null
        : { ...rebuild, startedAt: rebuild.startedAt.toISOString(), isWaiting: rebuild.model !== chosen },
  })
}
