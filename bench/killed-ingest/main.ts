import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chunksOfRound } from '@weft/retrieval'
import { generateText } from '../ingest/generate-text.ts'
import { type BenchMesh, startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { type ModelProcess, startModelProcess } from '../measuring/model-process.ts'
import { recordResults } from '../measuring/record-results.ts'
import { countKept, type Kept, mark } from './count-kept.ts'
import { ingestWhileKilled, type Killed } from './ingest-while-killed.ts'

/**
 * `node bench/run.mjs killed-ingest [files] [kills]`: takes a folder in while processes are killed at even distances of progress, and counts what is
 * there at the end. Ends with 1 when anything is missing or twice, or more was embedded again than what is under way for each kill.
 */
const files = Number(process.argv[2] ?? 10_000)
const kills = Number(process.argv[3] ?? 12)
/** rag has two rounds under way. */
const underWayMax = 2 * chunksOfRound
const filesPerFolder = 250

const load = watchLoad()
const folder = await mkdtemp(join(tmpdir(), 'weft-bench-killed-'))
const embedder = await startModelProcess('instant-embedder')
const mesh = await startBenchMesh({ env: { WEFT_EMBEDDER: 'openai/words', WEFT_EMBEDDER_BASE_URL: embedder.url } })
try {
  await writeFiles()
  await measure(mesh, embedder)
} finally {
  await mesh.stop()
  await embedder.stop()
  await rm(folder, { recursive: true, force: true })
}

/** Each becomes one chunk, with a text of its own. */
async function writeFiles(): Promise<void> {
  for (let number = 0; number < files; number += 1) {
    const place = join(folder, `part-${Math.floor(number / filesPerFolder)}`)
    if (number % filesPerFolder === 0) await mkdir(place)
    await writeFile(join(place, `note-${number}.txt`), `${mark} ${number}. ${generateText(number + 1, 400)}`)
  }
}

async function measure(running: BenchMesh, { url }: ModelProcess): Promise<void> {
  const killed = await ingestWhileKilled({ mesh: running, folder, embedderUrl: url, files, kills })
  const kept = await countKept(running, url)
  console.log(JSON.stringify({ ...killed, ...kept }))
  if (isWrong(killed, kept)) process.exitCode = 1
  recordResults({ name: 'killed-ingest', title: 'An ingest that is killed again and again', load, body: describe(killed, kept) })
}

function isWrong({ failed }: Killed, kept: Kept): boolean {
  const isWhole = [kept.completed, kept.total, kept.files, kept.chunks, kept.differentChunks, kept.vectors].every(
    (count) => count === files,
  )
  return (
    !isWhole || failed > 0 || kept.waiting > 0 || kept.differentEmbedded !== files || kept.embeddedAgain > kills * underWayMax
  )
}

function describe({ seconds, killedNames, runs, failed }: Killed, kept: Kept): string {
  const rows = [
    ['files completed, of all in the store', `${kept.completed} of ${kept.total}`, files],
    ['files uploaded', kept.files, files],
    ['chunks, of which different', `${kept.chunks}, ${kept.differentChunks}`, files],
    ['vectors; chunks that still wait for one', `${kept.vectors}; ${kept.waiting}`, `${files}; 0`],
    ['files that failed', failed, 0],
    ['texts embedded', kept.differentEmbedded, files],
    ['**texts embedded again**', kept.embeddedAgain, `≤ ${kills * underWayMax}`],
  ]
  return `${markdownTable(
    ['at the end', 'there', 'wanted'],
    rows.map((row) => row.map(String)),
  )}

${files} files of 400 letters, embedded by a server that counts what it is sent. ${killedNames.length} kills (SIGKILL), at even distances of what was
embedded: ${killedNames.join(', ')}. The command line was started ${runs} times, and was done after ${Math.round(seconds)} s. What rag has sent to be embedded and not stored when
it, the database or its connection ends is embedded again: ${underWayMax} texts at most.`
}
