import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openDatabase, sql } from '@weft/database'
import type { Collection } from '@weft/retrieval/testing'
import { writeAbstracts } from '@weft/tests/mesh/scifact-claims.ts'
import { z } from 'zod'
import type { BenchMesh } from '../measuring/bench-mesh.ts'
import { type Ingestion, measureIngestion } from './measure-ingestion.ts'

/** How a round's documents lie in files. */
export const shapes = ['a file each', '50 a file'] as const
export type Shape = (typeof shapes)[number]

export interface EmbeddingRound {
  shape: Shape
  chunks: number
  tokens: number
  ingestion: Ingestion
  /** The local model alone, over the same chunks right afterwards. */
  alone: { seconds: number; cpuSeconds: number; peakMb: number }
}

const Alone = z.object({ seconds: z.number(), cpuSeconds: z.number(), tokens: z.number(), peakMb: z.number() })
const together = 50
/** Files younger than two seconds are waited for when there are many: those of a folder that somebody has are not. */
const settledAfterMs = 2_100

/** Has the mesh load its model, as the model alone is loaded before it is measured. */
export async function loadModel(mesh: BenchMesh, documents: Collection['documents']): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-bench-loading-'))
  await writeAbstracts(folder, documents)
  await measureIngestion(mesh, folder, { store: 'loading' })
  await rm(folder, { recursive: true, force: true })
}

/** Ingests documents into a store of their own, then has the local model alone embed the chunks they became. */
export async function measureEmbedding(
  mesh: BenchMesh,
  { name, shape, documents }: { name: string; shape: Shape; documents: Collection['documents'] },
): Promise<EmbeddingRound> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-bench-embedding-'))
  try {
    const source = join(folder, 'source')
    await mkdir(source)
    if (shape === 'a file each') await writeAbstracts(source, documents)
    else await writeTogether(source, documents)
    await sleep(settledAfterMs)
    const ingestion = await measureIngestion(mesh, source, { store: name })
    const texts = await readChunks(mesh, name)
    const file = join(folder, 'chunks.json')
    await writeFile(file, JSON.stringify(texts))
    const main = join(import.meta.dirname, 'embed-alone.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', main, file], {
      env: { ...process.env, ...(await allocatorOfRag(mesh)) },
    })
    const { tokens, ...alone } = Alone.parse(JSON.parse(stdout))
    return { shape, chunks: texts.length, tokens, ingestion, alone }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** How the mesh has rag handle its memory: the model alone is to have no worse. */
async function allocatorOfRag(mesh: BenchMesh): Promise<Record<string, string>> {
  const pid = (await mesh.processes()).find(({ name }) => name === 'rag')?.pid
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  return Object.fromEntries(
    variables.flatMap((line) => {
      const [name = '', value = ''] = line.split('=', 2)
      return name.startsWith('MALLOC_') ? [[name, value]] : []
    }),
  )
}

async function writeTogether(folder: string, documents: Collection['documents']): Promise<void> {
  for (let at = 0; at < documents.length; at += together) {
    const sections = documents.slice(at, at + together).map(({ title, text }) => `# ${title}\n\n${text}\n`)
    await writeFile(join(folder, `abstracts-${at}.md`), sections.join('\n'))
  }
}

/** The texts that were embedded, in the order in which chunks are taken from the queue. */
async function readChunks(mesh: BenchMesh, storeName: string): Promise<string[]> {
  const port = (await mesh.processes()).find(({ name }) => name === 'pglite')?.ports.tcp
  const database = openDatabase({ urls: [`postgres://postgres@127.0.0.1:${port}/postgres`] })
  try {
    const { rows } = await sql`
      select case c.title when '' then c.text else c.title || E'\n' || c.text end as text
      from chunks c join vector_stores s on s.id = c.vector_store_id where s.name = ${storeName} order by c.id
    `.execute(database.db)
    return rows.map((row) => z.object({ text: z.string() }).parse(row).text)
  } finally {
    await database.stop()
  }
}
