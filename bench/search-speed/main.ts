import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { type Database, openDatabase } from '@weft/database'
import { findNativePostgres, startNativePostgres, startPgliteServer } from '@weft/database/testing'
import { findCollection } from '@weft/retrieval/testing'
import OpenAI from 'openai'
import { type BenchMesh, startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { startModelProcess } from '../measuring/model-process.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import { buckets, fillStore, untilActive } from './fill-store.ts'
import { type Filtered, measureFiltered } from './measure-filtered.ts'
import { askByMode, askTogether, searchOver, type TimesByMode } from './measure-searches.ts'
import { localModel, openLocalModel, openStandIn, type VectorMaker } from './make-vectors.ts'
import { createPassages } from './write-passages.ts'

/**
 * `node bench/run.mjs search-speed <pglite|native> [chunks] [wait]`: searches over the API. `pglite`: the embedded database, 20,000 chunks.
 * with vectors of the local model, which embeds the questions too. `native`: PostgreSQL, 100,000 chunks; a stand-in makes the vectors.
 * `wait`: measures after a line on standard input, so that the machine can be made quiet once all is loaded. Ends with 1 when a figure
 * misses what is wanted. 2,000 chunks are the fewest that a filter can be measured with.
 */
const kinds = {
  pglite: { chunks: 20_000, letters: 1_200, start: startEmbedded },
  native: { chunks: 100_000, letters: 400, start: startNative },
}
const standIn = 'openai/words'
const clients = 4
const warmUps = 100
const askedTogether = 400
const [kindName = '', chunksAsked, ...more] = process.argv.slice(2)
if (kindName !== 'pglite' && kindName !== 'native') throw new Error('pglite or native?')
const kind = kinds[kindName]

interface Place {
  mesh: BenchMesh
  /** Whose vectors are searched. */
  model: string
  vectors: VectorMaker
  databaseUrl(): Promise<string>
  /** The database by itself, while the mesh is stopped. */
  openStopped(): Promise<{ url: string; stop(): Promise<void> }>
  stop(): Promise<void>
}

const collections = ['scifact', 'musique100', 'anthropic_codebase', 'chroma_chunking'].flatMap(
  (name) => findCollection(name) ?? [],
)
if (collections.length > 0) await measure()

async function measure(): Promise<void> {
  const place = await kind.start()
  try {
    const passages = createPassages(collections, 1)
    const chunks = Number(chunksAsked ?? kind.chunks)
    const storeId = await load(place, { passages, chunks })
    if (more.includes('wait')) await untilEnter('loaded; Enter measures\n')
    const watched = watchLoad()
    const figures = await ask(place, { storeId, passages })
    recordResults({
      name: 'search-speed',
      part: kindName,
      title: `Searches of ${chunks} chunks, ${kindName === 'pglite' ? 'embedded' : 'native PostgreSQL'}`,
      load: watched,
      body: describe({ chunks, ...figures }),
    })
  } finally {
    await place.stop()
  }
}

type Passages = ReturnType<typeof createPassages>

async function untilEnter(question: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  await terminal.question(question)
  terminal.close()
}

/** While the mesh is stopped: it would build the index of vectors when the first are there, and each that is added then takes several times as long. */
async function load(place: Place, { passages, chunks }: { passages: Passages; chunks: number }): Promise<string> {
  const { mesh, model } = place
  const client = new OpenAI({ baseURL: `${mesh.url}/v1`, apiKey: mesh.apiKey })
  const { id: storeId } = await client.vectorStores.create({ name: 'passages' })
  await withDatabase(await place.databaseUrl(), (database) => untilActive(database, model))
  await mesh.pause()
  const { url, stop } = await place.openStopped()
  const { vectorsOf } = place.vectors
  const filling = { storeId, model, passages, chunks, letters: kind.letters, vectorsOf }
  const seconds = await withDatabase(url, (database) => fillStore({ database, ...filling }))
  await stop()
  // What the embedded database keeps in memory follows from what it finds when it starts.
  await mesh.restart()
  console.log(`${chunks} chunks in ${seconds.toFixed(0)} s`)
  return storeId
}

async function withDatabase<T>(url: string, act: (database: Database) => Promise<T>): Promise<T> {
  // An index of 100,000 vectors takes a minute to build.
  const database = openDatabase({ urls: [url], queryTimeoutMs: 600_000 })
  try {
    return await act(database)
  } finally {
    await database.stop()
  }
}

async function ask(place: Place, { storeId, passages }: { storeId: string; passages: Passages }) {
  const { url, apiKey } = place.mesh
  const search = searchOver({ url, apiKey, storeId })
  const questions = (count: number) => Array.from({ length: count }, () => passages.question())
  await askTogether(search, { questions: questions(warmUps), clients })
  const first = await askTogether(search, { questions: questions(askedTogether), clients })
  const byMode = await askByMode(search, { count: 150, question: () => passages.question() })
  const database = openDatabase({ urls: [await place.databaseUrl()] })
  const bucketOf = (question: number) => question % buckets
  const filtered = await measureFiltered(search, {
    questions: questions(100),
    database,
    bucketOf,
    vectorsOf: place.vectors.vectorsOf,
  })
  await database.stop()
  const together = await askTogether(search, { questions: questions(askedTogether), clients })
  return { first, together, byMode, filtered }
}

async function startEmbedded(): Promise<Place> {
  const mesh = await startBenchMesh()
  const vectors = openLocalModel()
  return {
    mesh,
    model: localModel,
    vectors,
    async databaseUrl() {
      const port = (await mesh.processes()).find(({ name }) => name === 'pglite')?.ports.tcp ?? 0
      return embeddedUrl(port)
    },
    async openStopped() {
      const { port, stop } = await startPgliteServer({ port: 0, dataFolder: join(mesh.dataFolder, 'pglite') })
      return { url: embeddedUrl(port), stop }
    },
    async stop() {
      await mesh.stop()
      await vectors.stop()
    },
  }
}

function embeddedUrl(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

async function startNative(): Promise<Place> {
  const installed = findNativePostgres()
  if (installed === undefined) throw new Error('there is no native PostgreSQL: node tools/bootstrap/fetch-test-postgres.mjs')
  const configuration = ['shared_buffers=1GB', 'maintenance_work_mem=512MB', 'max_connections=100']
  const postgres = await startNativePostgres(installed, { settings: configuration })
  const embedder = await startModelProcess('instant-embedder')
  const settings = { DATABASE_URLS: postgres.url, WEFT_EMBEDDER: standIn, WEFT_EMBEDDER_BASE_URL: embedder.url }
  const mesh = await startBenchMesh({ env: settings })
  return {
    mesh,
    model: standIn,
    vectors: openStandIn(),
    databaseUrl: () => Promise.resolve(postgres.url),
    openStopped: () => Promise.resolve({ url: postgres.url, stop: () => Promise.resolve() }),
    async stop() {
      await mesh.stop()
      await embedder.stop()
      await postgres.stop()
    },
  }
}

interface Figures {
  chunks: number
  /** Of a mesh that has just started, whose code is still being compiled. */
  first: number[]
  /** Of one that has served all the other searches. */
  together: number[]
  byMode: TimesByMode
  filtered: Filtered
}

function describe({ chunks, first, together, byMode, filtered }: Figures): string {
  const [hybrid, slowerLeg] = [p50(byMode.hybrid), Math.max(p50(byMode.bm25), p50(byMode.vector))]
  const isEmbedded = kindName === 'pglite'
  const isQuick = isEmbedded ? p50(together) <= 25 && p99(together) <= 80 : p50(byMode.again) <= 12 && hybrid <= 1.3 * slowerLeg
  if (!isQuick || filtered.recall < 0.98 || filtered.short > 0) process.exitCode = 1
  const row = (name: string, times: number[], wanted = '') => [name, times.length, p50(times), p99(times), wanted]
  const rows = [
    row(`hybrid, ${clients} clients at once, just started`, first),
    row('bm25', byMode.bm25),
    row('vector', byMode.vector),
    row('hybrid', byMode.hybrid, isEmbedded ? '' : 'p50 ≤ 1.3 × the slower leg'),
    row('hybrid, the question’s vector known', byMode.again, isEmbedded ? '' : 'p50 ≤ 12'),
    row(`vector, a filter passed by 1 in ${buckets}`, filtered.times),
    row(`hybrid, ${clients} clients at once, after all these`, together, isEmbedded ? 'p50 ≤ 25, p99 ≤ 80' : ''),
  ]
  return `${markdownTable(
    ['search, ten results', 'n', 'p50 ms', 'p99 ms', 'wanted'],
    rows.map((row) => row.map(shown)),
  )}

${chunks} chunks of ${kind.letters} letters, of real sentences drawn at random, put into the database at once, with vectors ${isEmbedded ? 'that the local model makes of the first twelve words' : 'of a stand-in'}; questions are eight words of such a sentence. Over the API, HTTP included; ${isEmbedded ? 'the local model embeds the question, as it does by default' : 'a stand-in makes the question’s vector, which costs a call to its server'}.
One client but for the first row and the last: the first tells of a mesh that has just started, after ${warmUps} searches that do not count, the last of one that has run for a while. Hybrid takes ${(hybrid / slowerLeg).toFixed(2)} × its slower leg. Filtered: recall@10 of the exact ten ${filtered.recall.toFixed(3)} (wanted ≥ .98), ${filtered.short} questions got fewer than ten.`
}

/** Counts as they are. */
function shown(cell: string | number): string | number {
  return typeof cell === 'number' && Number.isInteger(cell) ? String(cell) : cell
}
