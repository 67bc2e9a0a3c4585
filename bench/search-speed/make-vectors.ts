import { join } from 'node:path'
import { createEmbedder, localEmbeddingModel } from '@weft/models'
import { vectorOfWords } from '../instant-embedder/vector-of-words.ts'
import { cacheFolder } from '../measuring/bench-mesh.ts'
import { keepVectors } from './keep-vectors.ts'

/** The vectors of passages or questions, in their order. */
export type VectorsOf = (texts: string[]) => Promise<Float32Array[]>

export interface VectorMaker {
  vectorsOf: VectorsOf
  stop(): Promise<void>
}

export const localModel = localEmbeddingModel.id

/** As long as a question is. */
const wordsMax = 12

/** Of the local model, by the first twelve words of a text: 20,000 whole passages would take it most of an hour. What it made is kept for the next run. */
export function openLocalModel(): VectorMaker {
  const { id: model, dimensions } = localEmbeddingModel
  const embedder = createEmbedder(process.env, model)
  async function vectorsOf(texts: string[]): Promise<Float32Array[]> {
    const begins = texts.map((text) => text.split(' ', wordsMax).join(' '))
    const { vectors } = await embedder.embed({ texts: begins, purpose: 'document' })
    return vectors.map(([vector]) => vector ?? new Float32Array())
  }
  return {
    vectorsOf: keepVectors({ folder: join(cacheFolder, 'bench-search-speed-1'), model, dimensions, vectorsOf }),
    stop: () => embedder.stop(),
  }
}

/** Of a stand-in that costs nothing. */
export function openStandIn(): VectorMaker {
  return { vectorsOf: (texts) => Promise.resolve(texts.map(vectorOfWords)), stop: () => Promise.resolve() }
}
