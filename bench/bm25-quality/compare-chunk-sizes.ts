import { startTestDatabase } from '@weft/database/testing'
import { createFileReader, createKnowledgeStore, ingestFile, searchKnowledge } from '@weft/retrieval'
import { type Collection, findCollection } from '@weft/retrieval/testing'
import { z } from 'zod'

const Spans = z.object({ corpus_id: z.string(), references: z.array(z.object({ start_index: z.int(), end_index: z.int() })) })

/** Chunk sizes are compared for equal text read: as many of the best chunks as fit into this many letters. */
const lettersRead = 7_500
const tenant = 'bench'

/** Chroma's chunking evaluation: how much of the marked answer spans lies in the text that search brings, by chunk size. */
export async function compareChunkSizes(): Promise<void> {
  const collection = findCollection('chroma_chunking')
  if (collection === undefined) return
  console.log(
    `\n| chunk tokens | overlap | chunks | recall in ${lettersRead} letters | recall of the best chunk |\n|---|---|---|---|---|`,
  )
  for (const tokens of [150, 200, 250, 300, 400, 500, 800]) await measureSize(collection, tokens)
  await measureSize(collection, undefined)
}

async function measureSize(collection: Collection, tokens: number | undefined): Promise<void> {
  const { database, stop } = await startTestDatabase()
  const reader = createFileReader()
  const store = createKnowledgeStore(database)
  const { id: vectorStoreId } = await store.createVectorStore({ tenant })
  const chunkingStrategy =
    tokens === undefined
      ? ({ type: 'auto' } as const)
      : ({ type: 'static', static: { max_chunk_size_tokens: tokens, chunk_overlap_tokens: 50 } } as const)
  let chunks = 0
  for (const { _id, text } of collection.documents) {
    const { id: fileId } = await store.createFile({ tenant, filename: `${_id}.txt`, content: bytesOf(text) })
    await store.addFile({ tenant, vectorStoreId, fileId, chunkingStrategy })
    const outcome = await ingestFile({ database, reader }, { tenant, vectorStoreId, fileId })
    chunks += outcome.status === 'completed' ? outcome.chunks : 0
  }
  let inBudget = 0
  let inBest = 0
  for (const { text, metadata } of collection.queries) {
    const { corpus_id: document, references } = Spans.parse(metadata)
    const { results } = await searchKnowledge(
      { database },
      { tenant, vectorStoreIds: [vectorStoreId], query: text, maxResults: 50, options: { mode: 'bm25' } },
    )
    const read = takeWhileFits(results).filter(({ filename }) => filename === `${document}.txt`)
    const best = results.slice(0, 1).filter(({ filename }) => filename === `${document}.txt`)
    inBudget += shareCovered(references, read)
    inBest += shareCovered(references, best)
  }
  const share = (sum: number) => (sum / collection.queries.length).toFixed(3)
  console.log(
    `| ${tokens ?? 'auto'} | ${tokens === undefined ? 'inside blocks' : 50} | ${chunks} | ${share(inBudget)} | ${share(inBest)} |`,
  )
  await reader.stop()
  await stop()
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

type Range = { start: number; end: number }

function takeWhileFits<T extends Range>(hits: T[]): T[] {
  let read = 0
  return hits.filter(({ start, end }) => {
    read += end - start
    return read <= lettersRead
  })
}

function shareCovered(references: { start_index: number; end_index: number }[], hits: Range[]): number {
  let covered = 0
  let marked = 0
  for (const { start_index: start, end_index: end } of references) {
    marked += end - start
    for (let at = start; at < end; at++) if (hits.some((hit) => hit.start <= at && at < hit.end)) covered++
  }
  return covered / Math.max(1, marked)
}
