import { startTestDatabase } from '@weft/database/testing'
import { chunkText, createFileReader, createKnowledgeStore, ingestFile } from '@weft/retrieval'
import { type Collection, findCollection } from '@weft/retrieval/testing'

const tenant = 'bench'
const filesIndexed = 2_000

/** Cutting alone, then whole indexing (upload, reading, cutting, writing, BM25 index) of SciFact as one large file and as many small ones. */
export async function measureSpeed(): Promise<void> {
  const collection = findCollection('scifact')
  if (collection === undefined) return
  const texts = collection.documents.map(({ title, text }) => `# ${title}\n\n${text}\n`)
  const whole = texts.join('\n')
  console.log('\n| what | MB | seconds per MB |\n|---|---|---|')
  const startedAt = performance.now()
  let chunks = 0
  for (const _ of chunkText({ text: whole, kind: 'markdown' })) chunks++
  report(`cutting (${chunks} chunks)`, whole.length, performance.now() - startedAt)
  await index('indexing one file', [whole])
  const some = texts.slice(0, filesIndexed)
  await index(`indexing ${some.length} files`, some)
}

async function index(what: string, texts: Collection['documents'][number]['text'][]): Promise<void> {
  const { database, stop } = await startTestDatabase()
  const reader = createFileReader()
  const store = createKnowledgeStore(database)
  const { id: vectorStoreId } = await store.createVectorStore({ tenant })
  const startedAt = performance.now()
  const waiting = texts.entries()
  async function work(): Promise<void> {
    for (const [n, text] of waiting) {
      const { id: fileId } = await store.createFile({ tenant, filename: `${n}.md`, content: bytesOf(text) })
      await store.addFile({ tenant, vectorStoreId, fileId })
      await ingestFile({ database, reader }, { tenant, vectorStoreId, fileId })
    }
  }
  await Promise.all([work(), work()])
  report(
    what,
    texts.reduce((sum, text) => sum + text.length, 0),
    performance.now() - startedAt,
  )
  await reader.stop()
  await stop()
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

function report(what: string, letters: number, tookMs: number): void {
  const mb = letters / 1_000_000
  console.log(`| ${what} | ${mb.toFixed(1)} | ${(tookMs / 1_000 / mb).toFixed(3)} |`)
}
