import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collection, findCollection } from '@weft/retrieval/testing'
import { type RunningMesh, runWeft } from '@weft/tests/mesh/running-mesh.ts'
import {
  type AskedClaim,
  askClaim,
  type Claim,
  createQuoteCheck,
  judgedClaims,
  writeAbstracts,
} from '@weft/tests/mesh/scifact-claims.ts'
import OpenAI from 'openai'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/scifact/main.ts [claims=<number>] [show]`: ingests the abstracts of SciFact as files and asks its first 50 judged claims. Ends with 1 when a
 * quote of any citation is not in the file that was uploaded, at its place. `show` prints the claims for which no relevant abstract was cited.
 */
const models = ['weft/auto', 'weft/search']
const claimsCount = Number(process.argv.find((argument) => argument.startsWith('claims='))?.slice(7) ?? 50)
const isShowing = process.argv.includes('show')
const ingestTimeoutMs = 600_000

const scifact = findCollection('scifact')
if (scifact !== undefined) await askAll(scifact)

async function askAll(collection: Collection): Promise<void> {
  const load = watchLoad()
  const folder = await mkdtemp(join(tmpdir(), 'weft-bench-scifact-'))
  const mesh = await startBenchMesh()
  try {
    const bytes = await writeAbstracts(folder, collection.documents)
    const ingestSeconds = await ingest(mesh, folder)
    const client = new OpenAI({ baseURL: `${mesh.url}/v1`, apiKey: mesh.apiKey, maxRetries: 0 })
    const claims = judgedClaims(collection, claimsCount)
    await client.vectorStores.list()
    const rows: (string | number)[][] = []
    for (const model of models) rows.push(await askModel(client, model, claims))
    const { documents } = collection
    recordResults({
      name: 'scifact',
      title: 'Claims of SciFact',
      load,
      body: describe(rows, { files: documents.length, bytes, ingestSeconds }),
    })
  } finally {
    await mesh.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function ingest({ port, dataFolder, apiKey }: RunningMesh, folder: string): Promise<number> {
  const startedAtMs = performance.now()
  const environment = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey }
  const run = await runWeft(['ingest', folder], environment, ingestTimeoutMs)
  if (run.code !== 0) throw new Error(`weft ingest ended with ${run.code}: ${run.output.slice(-2_000)}`)
  return (performance.now() - startedAtMs) / 1_000
}

async function askModel(client: OpenAI, model: string, claims: Claim[]): Promise<(string | number)[]> {
  const isTrue = createQuoteCheck(client)
  const asked: AskedClaim[] = []
  let quotes = 0
  let quotesTrue = 0
  for (const claim of claims) {
    const one = await askClaim(client, claim, { model })
    asked.push(one)
    for (const citation of one.weft.citations) {
      quotes += 1
      if (await isTrue(citation)) quotesTrue += 1
      else console.error(`not at its place: ${JSON.stringify(citation)}`)
    }
    if (isShowing && !one.isRelevantCited) show(claim, one)
  }
  if (quotesTrue !== quotes || quotes === 0) process.exitCode = 1
  const share = (count: number) => `${count} of ${asked.length} (${Math.round((100 * count) / asked.length)} %)`
  const times = asked.map(({ elapsedMs }) => elapsedMs)
  return [
    model,
    share(asked.filter(({ weft }) => weft.citations.length > 0).length),
    share(asked.filter(({ isRelevantCited }) => isRelevantCited).length),
    `${quotesTrue} of ${quotes}`,
    p50(times),
    p99(times),
  ]
}

function show({ text, relevant }: Claim, { text: answer, weft }: AskedClaim): void {
  const cited = weft.citations.map(({ filename, quote }) => `  ${filename}: ${quote}`).join('\n')
  console.log(`\nclaim: ${text}\nrelevant: ${[...relevant].join(', ')}\nanswer: ${answer}\n${cited}`)
}

function describe(
  rows: (string | number)[][],
  { files, bytes, ingestSeconds }: { files: number; bytes: number; ingestSeconds: number },
): string {
  const head = [
    'asked',
    'answered with citations',
    '**cites a judged abstract**',
    'quotes found verbatim at their offsets',
    'p50 ms',
    'p99 ms',
  ]
  return `${files} abstracts, a file each (${(bytes / 1_000_000).toFixed(1)} MB), ingested in ${ingestSeconds.toFixed(1)} s; the first ${claimsCount} claims with
judgements, one after another, answered by the offline model. Every quote is compared with the bytes of \`GET /v1/files/{id}/content\`.

${markdownTable(head, rows)}`
}
