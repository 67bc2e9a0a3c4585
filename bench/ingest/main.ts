import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { findCollection } from '@weft/retrieval/testing'
import { writeAbstracts } from '@weft/tests/mesh/scifact-claims.ts'
import { type BenchMesh, startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { startModelProcess } from '../measuring/model-process.ts'
import { recordResults } from '../measuring/record-results.ts'
import {
  describeEmbedding,
  describeHard,
  describeIngestions,
  describeResyncs,
  describeTiny,
  type Ingested,
  isWithinReach,
} from './describe-results.ts'
import { type EmbeddingRound, loadModel, measureEmbedding, shapes } from './measure-embedding.ts'
import { measureIngestion } from './measure-ingestion.ts'
import { measureResync } from './measure-resync.ts'
import { mebibyte, type Written, writeHardFiles, writeLargeFiles, writeMixture, writeTinyFiles } from './write-folders.ts'

/**
 * `node bench/ingest/main.ts [large] [small] [tiny=<files>] [mixture=<megabytes>] [hard=<megabytes>] [resync=<files>] [embedded=<documents>] [wait]`, each on
 * a fresh mesh. The first four: from `weft ingest` to indexed, without vectors. `hard`: memory while one text of that size and a PDF of 2,000 pages are read and
 * indexed, the local model at work beside, for some minutes. `resync`: again, nothing having changed; with `wait` after a line on standard input, so
 * that the machine can be made quiet once all is there. `embedded`: with the local model, against that model alone, in rounds of so many
 * abstracts. Without arguments all, with the numbers of `defaults`. Ends with 1 when one is not within its reach.
 */
const defaults = ['large', 'small', 'tiny=100000', 'mixture=1024', 'hard=100', 'resync=10000', 'embedded=600']
const embeddingRounds = 2
const loadingDocuments = 10
const hardPages = 2_000
/** Embedding 100 MiB takes hours; by then all is read, and indexing and embedding go on as they do. */
const hardSecondsMax = 150

const wanted = process.argv.slice(2).filter((argument) => argument !== 'wait')
const isWaiting = process.argv.includes('wait')
for (const [part, run] of Object.entries({
  ingest: runFolders,
  tiny: runTiny,
  hard: runHard,
  resync: runResyncs,
  embedded: runEmbedding,
})) {
  const cases = (wanted.length === 0 ? defaults : wanted).map(parseCase).filter((each) => each.part === part)
  if (cases.length > 0) await run(cases)
}

type Case = { part: string; kind: string; count: number }

function parseCase(argument: string): Case {
  const [kind = '', count] = argument.split('=')
  if (!defaults.some((known) => known.startsWith(kind)) || kind === '') throw new Error(`unknown case "${argument}"`)
  const fallback = defaults.find((known) => known.startsWith(`${kind}=`))?.split('=')[1]
  return {
    part: ['resync', 'embedded', 'hard', 'tiny'].includes(kind) ? kind : 'ingest',
    kind,
    count: Number(count ?? fallback ?? 0),
  }
}

async function runFolders(cases: Case[]): Promise<void> {
  const load = watchLoad()
  const ingested: Ingested[] = []
  for (const each of cases) {
    const { name, write } = folderOf(each)
    await onMesh({ WEFT_EMBEDDER: 'off' }, async (mesh, folder) => {
      const written = await write(folder)
      console.log(`${name}: ${written.files} files, ${(written.bytes / mebibyte).toFixed(1)} MiB …`)
      ingested.push({ name, written, ingestion: await measureIngestion(mesh, folder) })
    })
  }
  if (!ingested.every(isWithinReach.ingested)) process.exitCode = 1
  recordResults({ name: 'ingest', title: 'Ingestion', load, body: describeIngestions(ingested) })
}

function folderOf({ kind, count }: Case): { name: string; write(folder: string): Promise<Written> } {
  if (kind === 'large') return { name: '7 files of 1 MiB', write: (folder) => writeLargeFiles(folder, 7) }
  if (kind === 'mixture')
    return { name: `mixture of sizes, ${count} MiB`, write: (folder) => writeMixture(folder, count * mebibyte) }
  const documents = abstracts()
  const write = async (folder: string) => ({ files: documents.length, bytes: await writeAbstracts(folder, documents) })
  return { name: 'SciFact abstracts, a file each', write }
}

async function runTiny(cases: Case[]): Promise<void> {
  for (const { count } of cases) {
    const load = watchLoad()
    await onMesh({ WEFT_EMBEDDER: 'off' }, async (mesh, folder) => {
      await writeTinyFiles(folder, count)
      const ingestion = await measureIngestion(mesh, folder)
      if (ingestion.added !== count || !isWithinReach.memory(ingestion)) process.exitCode = 1
      const title = `${count} files of 120 letters`
      recordResults({ name: 'ingest', part: 'tiny', title, load, body: describeTiny(ingestion) })
    })
  }
}

async function runHard(cases: Case[]): Promise<void> {
  const load = watchLoad()
  for (const { count } of cases) {
    await onMesh({}, async (mesh, folder) => {
      await loadModel(mesh, abstracts().slice(-loadingDocuments))
      await writeHardFiles(folder, { mib: count, pages: hardPages })
      const ingestion = await measureIngestion(mesh, folder, { secondsMax: hardSecondsMax })
      if (!isWithinReach.memory(ingestion)) process.exitCode = 1
      const body = describeHard({ mib: count, pages: hardPages, ingestion })
      recordResults({ name: 'ingest', part: 'hard', title: 'One text of 100 MiB and a PDF of 2,000 pages', load, body })
    })
  }
}

async function runResyncs(cases: Case[]): Promise<void> {
  for (const { count } of cases) {
    const load = watchLoad()
    const embedder = await startModelProcess('instant-embedder')
    try {
      await onMesh({ WEFT_EMBEDDER: 'openai/words', WEFT_EMBEDDER_BASE_URL: embedder.url }, async (mesh, folder) => {
        const resync = await measureResync(mesh, { folder, files: count, embedderUrl: embedder.url, quiet })
        if (!isWithinReach.resync(resync)) process.exitCode = 1
        const title = `A folder of ${count} small files, again and again`
        recordResults({ name: 'ingest', part: `resync ${count}`, title, load, body: describeResyncs(resync) })
      })
    } finally {
      await embedder.stop()
    }
  }
}

async function quiet(): Promise<void> {
  if (!isWaiting) return
  console.log('all is there; Enter measures')
  const input = createInterface({ input: process.stdin })
  await input.question('')
  input.close()
}

async function runEmbedding(cases: Case[]): Promise<void> {
  const documents = abstracts()
  const load = watchLoad()
  const rounds: EmbeddingRound[] = []
  for (const { count } of cases) {
    await onMesh({}, async (mesh) => {
      await loadModel(mesh, documents.slice(-loadingDocuments))
      for (let round = 0; round < embeddingRounds * shapes.length; round += 1) {
        const shape = shapes[round % shapes.length] ?? shapes[0]
        const own = documents.slice(round * count, (round + 1) * count)
        rounds.push(await measureEmbedding(mesh, { name: `round-${round}`, shape, documents: own }))
        console.log(
          JSON.stringify(rounds.at(-1), (_, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)),
        )
      }
    })
  }
  if (!isWithinReach.embedding(rounds)) process.exitCode = 1
  recordResults({
    name: 'ingest',
    part: 'embedded',
    title: 'Ingestion with the local embedder',
    load,
    body: describeEmbedding(rounds),
  })
}

function abstracts() {
  const scifact = findCollection('scifact')
  if (scifact === undefined)
    throw new Error('the collection scifact is not there: set WEFT_COLLECTIONS to the folder that holds it')
  return scifact.documents
}

async function onMesh(env: Record<string, string>, run: (mesh: BenchMesh, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-bench-ingest-'))
  const mesh = await startBenchMesh({ env })
  try {
    await run(mesh, folder)
  } finally {
    await mesh.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
