import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { env as environment, stderr } from 'node:process'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type EmbeddingServer, startEmbeddingServer } from '@weft/models/testing'
import { z } from 'zod'
import { type RunningMesh, runWeft, startTestMesh } from './mesh/running-mesh.ts'

const Found = z.object({
  data: z.array(
    z.looseObject({ filename: z.string(), weft: z.looseObject({ explanation: z.looseObject({ vector: z.unknown() }) }) }),
  ),
  weft: z.object({ skipped: z.array(z.string()) }),
})
const State = z.looseObject({ active: z.string().nullable(), problem: z.string().nullable(), rebuild: z.unknown() })

const localModel = findLocalModel()
let mesh: RunningMesh
let server: EmbeddingServer
let folder: string
let storeId: string

/** Where the first start of Weft keeps the local model. */
function findLocalModel(): string | undefined {
  if (environment.WEFT_EMBEDDER_FOLDER !== undefined) return environment.WEFT_EMBEDDER_FOLDER
  const cache = environment.WEFT_CACHE ?? join(homedir(), '.cache', 'weft')
  const [name] = existsSync(cache) ? readdirSync(cache).filter((each) => /^embedder-[0-9a-f]+$/.test(each)) : []
  if (name === undefined) stderr.write(`SKIPPED: no local embedding model in ${cache}; npm start fetches it\n`)
  return name === undefined ? undefined : join(cache, name)
}

const notes = 100
const story = localModel === undefined ? it.skip : it

beforeAll(async () => {
  if (localModel === undefined) return
  server = await startEmbeddingServer({ wire: 'openai', apiKey: 'none', dimensions: 96 })
  mesh = await startTestMesh({ WEFT_EMBEDDER_FOLDER: localModel })
  folder = await mkdtemp(join(tmpdir(), 'weft-notes-'))
  for (let n = 0; n < notes; n++) await writeFile(join(folder, `${n}.txt`), `Note ${n}: the tide reached the mark of ${n} cm.\n`)
  await writeFile(join(folder, 'yard.txt'), 'The automobile stood in the yard.\n')
})

afterAll(async () => {
  if (localModel === undefined) return
  await mesh.stop()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

function settings(more: Record<string, string> = {}): Record<string, string> {
  const { port, dataFolder, apiKey } = mesh
  const own = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey, WEFT_DEFAULT_MODEL: 'offline/extractive' }
  return { ...own, WEFT_EMBEDDER_FOLDER: localModel ?? '', ...more }
}

/** No text holds the word: it is found by what it means, or not at all. */
async function findCar() {
  const response = await fetch(`${mesh.url}/v1/vector_stores/${storeId}/search`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'car', max_num_results: 5 }),
  })
  const { data, weft } = Found.parse(await response.json())
  return { first: data[0]?.filename, byVectors: data.filter((hit) => hit.weft.explanation.vector !== undefined).length, ...weft }
}

async function stateOf(): Promise<z.infer<typeof State>> {
  return State.parse(JSON.parse((await runWeft(['embeddings', 'status', '--json'], settings())).stdout))
}

story('another embedding model takes over while search goes on by the one before, at every moment', async () => {
  // A file that is read before any model has been loaded is complete without vectors, and gets them a moment later.
  while ((await stateOf()).active === null) await new Promise((resolve) => setTimeout(resolve, 200))
  const ingested = await runWeft(['ingest', folder, '--store', 'notes', '--json'], settings())
  storeId = z.looseObject({ store: z.object({ id: z.string() }) }).parse(JSON.parse(ingested.stdout)).store.id
  expect(await findCar()).toMatchObject({ first: expect.stringContaining('yard.txt'), byVectors: 5, skipped: [] })

  const changed = settings({ WEFT_EMBEDDER: 'openai/other', WEFT_EMBEDDER_BASE_URL: server.url, OPENAI_API_KEY: 'none' })
  await runWeft(['down'], changed)
  expect(await runWeft(['up', '--detach'], changed)).toMatchObject({ code: 0 })
  expect(await findCar()).toMatchObject({ first: expect.stringContaining('yard.txt'), byVectors: 5, skipped: [] })
  const { active, problem } = await stateOf()
  expect(active).toBe('local/all-MiniLM-L6-v2')
  expect(problem).toContain('npx weft embeddings rebuild')

  const dryRun = await runWeft(['embeddings', 'rebuild', '--dry-run'], settings())
  expect(dryRun.stdout).toMatch(new RegExp(`^${notes + 1} of ${notes + 1} chunks to embed with openai/other: about \\d+ tokens`))
  server.script(...Array.from({ length: 8 }, () => ({ kind: 'text' as const, chunks: [], delayMs: 400 })))
  let isDone = false
  const rebuilding = runWeft(['embeddings', 'rebuild'], settings()).finally(() => {
    isDone = true
  })
  let searches = 0
  for (; !isDone; searches++) expect(await findCar()).toMatchObject({ byVectors: 5, skipped: [] })
  expect(await rebuilding).toMatchObject({ code: 0, output: expect.stringContaining('the vectors of openai/other') })
  expect(searches).toBeGreaterThan(5)
  expect(await stateOf()).toMatchObject({ active: 'openai/other', problem: null, rebuild: null })
  const embedded = server.requests
    .flatMap(({ body }) => z.array(z.string()).parse(body.input))
    .filter((text) => /Note|automobile/.test(text))
  expect(embedded).toHaveLength(notes + 1)
  expect(await findCar()).toMatchObject({ byVectors: 5, skipped: [] })
})
