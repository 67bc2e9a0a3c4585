import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { openLedger } from '../open-ledger.ts'
import { createPostgresCalls } from '../postgres-calls.ts'
import { type CountingUpstream, startCountingUpstream } from './counting-upstream.ts'

const Row = z.object({
  user_id: z.string(),
  outcome: z.string(),
  measured: z.boolean(),
  input: z.coerce.number(),
  output: z.coerce.number(),
  cost: z.coerce.number(),
})
type Row = z.infer<typeof Row>

/** How the ledger and the upstream's own count compare after some traffic. */
export interface Comparison {
  /** Calls the upstream was asked, and of these what became of them in the ledger. */
  asked: number
  outcomes: Record<string, number>
  /** Calls that the upstream counted and the ledger does not have, or has twice. */
  missing: number
  doubled: number
  /** Completed calls whose tokens differ, and the tokens of all completed ones on both sides. */
  different: number
  tokens: { ledger: number; upstream: number }
  /** Calls that were not finished and yet are not marked as estimated. */
  unmarked: number
  kills: number
}

/** Runs `calls` calls through gateways, each of which is killed after a share of them, and compares what the ledger says with what the upstream counted. */
export async function runTraffic(
  test: { url: string; database: Database },
  { calls, kills }: { calls: number; kills: number },
): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-traffic-'))
  const upstream = await startCountingUpstream()
  const share = Math.ceil(calls / (kills + 1))
  try {
    for (let part = 0; part <= kills; part += 1) {
      const range = { from: part * share, to: Math.min(calls, (part + 1) * share) }
      await runGateway([folder, test.url, upstream.url], { ...range, killAt: part < kills ? Math.ceil(share * 0.8) : undefined })
    }
    await adoptAll(test.database, folder, upstream)
    return compare(await readRows(test.database), upstream, kills)
  } finally {
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runGateway(
  args: string[],
  { from, to, killAt }: { from: number; to: number; killAt: number | undefined },
): Promise<void> {
  const main = fileURLToPath(new URL('traffic-main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args, String(from), String(to)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  let done = 0
  child.stdout.on('data', (dots: Buffer) => {
    done += dots.length
    if (killAt !== undefined && done >= killAt) child.kill('SIGKILL')
  })
  await exit
}

/** A gateway that does nothing but take over what the killed ones left. */
async function adoptAll(database: Database, folder: string, { counted }: CountingUpstream): Promise<void> {
  const logger = { info: () => undefined, warn: () => undefined }
  const ledger = openLedger({ folder, service: 'heir', calls: createPostgresCalls(database), logger })
  ledger.start()
  for (let waited = 0; waited < 120_000 && (await readRows(database)).length < counted.size; waited += 100) await sleep(100)
  await ledger.stop()
}

async function readRows(database: Database): Promise<Row[]> {
  const { rows } = await sql`
    select user_id, outcome, measured, input_tokens as input, output_tokens as output, cost_usd as cost from model_calls where tenant = 'traffic'
  `.execute(database.db)
  return Row.array().parse(rows)
}

function compare(rows: Row[], { counted }: CountingUpstream, kills: number): Comparison {
  const result: Comparison = {
    asked: counted.size,
    outcomes: {},
    missing: 0,
    doubled: 0,
    different: 0,
    tokens: { ledger: 0, upstream: 0 },
    unmarked: 0,
    kills,
  }
  const byUser = Map.groupBy(rows, (row) => row.user_id)
  for (const { outcome } of rows) result.outcomes[outcome] = (result.outcomes[outcome] ?? 0) + 1
  for (const [user, calls] of counted) {
    const [row, ...more] = byUser.get(user) ?? []
    const [call] = calls
    if (row === undefined) result.missing += 1
    if (more.length > 0 || calls.length > 1) result.doubled += 1
    if (row?.outcome === 'completed' && call !== undefined) {
      result.tokens.ledger += row.input + row.output
      result.tokens.upstream += call.inputTokens + call.outputTokens
      if (row.input !== call.inputTokens || row.output !== call.outputTokens) result.different += 1
    } else if (row?.measured === true && row.output !== call?.outputTokens) result.unmarked += 1
  }
  return result
}
