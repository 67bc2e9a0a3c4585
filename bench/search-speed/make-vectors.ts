import { createEmbedder } from '@weft/models'
import { vectorOfWords } from '../instant-embedder/vector-of-words.ts'

/** The vectors of passages or questions, in their order. */
export type VectorsOf = (texts: string[]) => Promise<Float32Array[]>

export interface VectorMaker {
  vectorsOf: VectorsOf
  stop(): Promise<void>
}

export const localModel = 'local/all-MiniLM-L6-v2'

/** As long as a question is. */
const wordsMax = 12

/** Of the local model, by the first twelve words of a text: 20,000 whole passages would take it most of ten minutes. */
export function openLocalModel(): VectorMaker {
  const embedder = createEmbedder(process.env, localModel)
  return {
    async vectorsOf(texts) {
      const begins = texts.map((text) => text.split(' ', wordsMax).join(' '))
      const { vectors } = await embedder.embed({ texts: begins, purpose: 'document' })
      return vectors.map(([vector]) => vector ?? new Float32Array())
    },
    stop: () => embedder.stop(),
  }
}

/** Of a stand-in that costs nothing. */
export function openStandIn(): VectorMaker {
  return { vectorsOf: (texts) => Promise.resolve(texts.map(vectorOfWords)), stop: () => Promise.resolve() }
}
