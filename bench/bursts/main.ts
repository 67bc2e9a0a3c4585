import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runWeft } from '@weft/tests/mesh/running-mesh.ts'
import { Agent, request } from 'undici'
import { z } from 'zod'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/bursts/main.ts [questions]`: questions about Weft's own documentation, all asked at the same moment by one tenant, against the same questions asked
 * 32 at a time; meanwhile another tenant asks one every two seconds.
 */
const count = Number(process.argv[2] ?? 1_000)
const pacedAtOnce = 32
const quietEveryMs = 2_000
const docs = join(import.meta.dirname, '..', '..', 'docs')
const questions = [
  'How are budgets kept?',
  'What does a session do when its host is killed?',
  'How long are answers cached?',
  'Which formats can be ingested?',
  'How is a key revoked?',
  'What is archived by retention?',
]

const Key = z.object({ key: z.string() })
const Answer = z.looseObject({ weft: z.looseObject({ status: z.string(), citations: z.array(z.unknown()) }).optional() })

interface Asked {
  ms: number
  isCited: boolean
}

const load = watchLoad()
const mesh = await startBenchMesh()
const connections = new Agent({ connections: null, headersTimeout: 900_000, bodyTimeout: 900_000 })
try {
  const [noisy, quiet] = [await tenantWithDocs('noisy'), await tenantWithDocs('quiet')]
  await paced(noisy, 200)
  const alone = await asks(quiet, 20)
  const pace = await paced(noisy, Math.ceil(count / 2))
  const burst = await inBurst(noisy, quiet)
  report({ alone, pace, ...burst })
} finally {
  await connections.close()
  await mesh.stop()
}

async function tenantWithDocs(tenant: string): Promise<string> {
  const { key } = Key.parse(JSON.parse(await post('/v1/keys', { name: tenant, tenant, scopes: ['chat'] }, mesh.apiKey)))
  const env = { WEFT_PORT: String(mesh.port), WEFT_DATA: mesh.dataFolder, WEFT_API_KEY: key }
  const ingested = await runWeft(['ingest', docs], env)
  if (ingested.code !== 0) throw new Error(`the documentation was not ingested:\n${ingested.output}`)
  return key
}

async function post(path: string, body: object, key: string): Promise<string> {
  const answer = await request(`${mesh.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    dispatcher: connections,
  })
  return answer.body.text()
}

/** A client that is refused does not ask again: what a mesh cannot take counts as not answered. */
async function ask(key: string, nth: number): Promise<Asked> {
  const content = questions[nth % questions.length]
  const startMs = performance.now()
  const text = await post('/v1/chat/completions', { model: 'weft/auto', messages: [{ role: 'user', content }] }, key)
  const { weft } = Answer.parse(JSON.parse(text))
  return { ms: performance.now() - startMs, isCited: weft?.status === 'completed' && weft.citations.length > 0 }
}

async function asks(key: string, times: number): Promise<Asked[]> {
  const asked: Asked[] = []
  for (let nth = 0; nth < times; nth += 1) asked.push(await ask(key, nth))
  return asked
}

async function timed(work: Promise<Asked[][]>): Promise<{ asked: Asked[]; perSecond: number }> {
  const startMs = performance.now()
  const asked = (await work).flat()
  return { asked, perSecond: (1_000 * asked.length) / (performance.now() - startMs) }
}

function paced(key: string, times: number) {
  return timed(Promise.all(Array.from({ length: pacedAtOnce }, () => asks(key, Math.ceil(times / pacedAtOnce)))))
}

async function inBurst(noisy: string, quiet: string) {
  const burst = timed(Promise.all(Array.from({ length: count }, async (_, nth) => [await ask(noisy, nth)])))
  const ending = burst.then(() => 'over' as const)
  const beside: Promise<Asked>[] = []
  while ((await Promise.race([ending, sleep(quietEveryMs)])) !== 'over') beside.push(ask(quiet, beside.length))
  return { burst: await burst, beside: await Promise.all(beside) }
}

interface Measured {
  alone: Asked[]
  pace: { asked: Asked[]; perSecond: number }
  burst: { asked: Asked[]; perSecond: number }
  beside: Asked[]
}

function report({ alone, pace, burst, beside }: Measured): void {
  const row = (what: string, asked: Asked[], perSecond: number | undefined) => {
    const ms = asked.map((each) => each.ms)
    const cited = asked.filter(({ isCited }) => isCited).length
    const share = perSecond === undefined ? '' : `${cell(perSecond / pace.perSecond)}×`
    return [
      what,
      asked.length,
      cited,
      cell(p50(ms) / 1_000),
      cell(p99(ms) / 1_000),
      perSecond === undefined ? '' : cell(perSecond),
      share,
    ]
  }
  const table = markdownTable(
    ['asked', 'n', 'answered with sources', 'p50 s', 'p99 s', 'answers/s', 'beside paced'],
    [
      row(`${pacedAtOnce} at a time`, pace.asked, pace.perSecond),
      row('all at the same moment', burst.asked, burst.perSecond),
      row('by another tenant, alone', alone, undefined),
      row('by another tenant, meanwhile', beside, undefined),
    ],
  )
  const note =
    'The offline model and the local embedder: all work is done on this machine. Wanted: every question answered with sources, ≥ .8 × the paced answers a second.'
  recordResults({ name: 'bursts', title: 'Thousands of questions at the same moment', load, body: `${table}\n\n${note}` })
  const isShort = [...burst.asked, ...beside].some(({ isCited }) => !isCited)
  if (isShort || burst.perSecond < 0.8 * pace.perSecond) process.exitCode = 1
}
