import { chunkText } from '@weft/retrieval'
import type OpenAI from 'openai'
import type { createPassages } from './write-passages.ts'

export interface LoadRequest {
  passages: ReturnType<typeof createPassages>
  chunks: number
  /** Of one passage, which becomes one chunk. */
  letters: number
}

export interface Loaded {
  storeId: string
  chunks: number
  seconds: number
}

const chunksPerFileMax = 100
const uploadsAtOnce = 4

/** Files are spread over so many values of the attribute `bucket`: a filter on one lets a hundredth of the chunks pass. */
export const buckets = 100

/** Puts passages into a new vector store over the API, and waits until all can be searched, by vectors too. */
export async function loadPassages(client: OpenAI, { passages, chunks, letters }: LoadRequest): Promise<Loaded> {
  const startedAtMs = performance.now()
  const { id: storeId } = await client.vectorStores.create({ name: 'passages' })
  const chunksPerFile = Math.min(chunksPerFileMax, Math.max(10, Math.floor(chunks / (2 * buckets))))
  let written = 0
  let files = 0
  async function work(): Promise<void> {
    while (written < chunks) {
      const text = Array.from({ length: chunksPerFile }, () => passages.passage(letters)).join('\n\n')
      const bucket = files % buckets
      written += [...chunkText({ text, kind: 'text' }, chunking(letters))].length
      files += 1
      const file = await client.files.create({ file: new File([text], `passages-${files}.txt`), purpose: 'assistants' })
      await client.vectorStores.files.create(storeId, {
        file_id: file.id,
        attributes: { bucket },
        chunking_strategy: chunking(letters),
      })
    }
  }
  await Promise.all(Array.from({ length: uploadsAtOnce }, work))
  for (;;) {
    const { file_counts: counts } = await client.vectorStores.retrieve(storeId)
    if (counts.failed > 0) throw new Error(`${counts.failed} files were not indexed`)
    if (counts.completed === counts.total) break
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  return { storeId, chunks: written, seconds: (performance.now() - startedAtMs) / 1_000 }
}

/** OpenAI's shape; about four letters a token, no overlap. */
function chunking(letters: number) {
  const size = { max_chunk_size_tokens: Math.ceil(letters / 4), chunk_overlap_tokens: 0 }
  return { type: 'static' as const, static: size }
}
