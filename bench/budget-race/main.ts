import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestDatabase } from '@weft/database/testing'
import { createPostgresBudgets } from '@weft/models'
import { type Racer, startOpenAiServer, startRacer } from '@weft/models/testing'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/budget-race/main.ts [rounds]`: 200 calls race in three processes, each with models, ledger and budgets as a gateway has them, for a budget worth 20;
 * one process is killed while its calls are under way, and another one takes over what it left.
 */
const rounds = Number(process.argv[2] ?? 5)
const processes = 3
const calls = 200
const worth = 20
/** Of the calls, so many are under way when a process is killed. */
const killAfter = 9
/** As the server bills each call: gpt-6-luna costs 0.1 and 0.5 USD a million tokens. */
const usage = { inputTokens: 20, outputTokens: 1_000 }
const costNano = usage.inputTokens * 100 + usage.outputTokens * 500

const load = watchLoad()
const rows: string[][] = []
for (let round = 1; round <= rounds; round += 1) rows.push(await race(round))
report()

async function race(round: number): Promise<string[]> {
  const database = await startTestDatabase()
  const reply = { kind: 'text' as const, chunks: ['Hello'], delayMs: 2_000, ...usage }
  const server = await startOpenAiServer({ models: ['gpt-6-luna'], reply })
  const folder = mkdtempSync(join(tmpdir(), 'weft-race-'))
  const racers: Racer[] = []
  const start = async () => {
    const racer = await startRacer({ databaseUrl: database.url, modelsUrl: server.url, folder })
    racers.push(racer)
    return racer
  }
  try {
    const budgets = createPostgresBudgets(database.database)
    const limitUsd = (worth * costNano) / 1e9
    await budgets.put('acme', { scope: 'tenant', limitUsd, period: 'total', onBreach: 'reject' })
    await Promise.all(Array.from({ length: processes }, start))
    for (const racer of racers) racer.race(Math.ceil(calls / processes))
    const [victim, ...others] = racers
    while (server.requests.length < killAfter) await sleep(5)
    await victim?.kill()
    await Promise.all(others.map((racer) => racer.ended(Math.ceil(calls / processes))))
    await start()
    const freeAtMs = performance.now()
    let state = (await budgets.list('acme'))[0]
    while ((state?.reservedNano ?? 0) > 0 && performance.now() - freeAtMs < 40_000) {
      await sleep(200)
      state = (await budgets.list('acme'))[0]
    }
    const paidNano = server.requests.length * costNano
    const over = Math.max(0, paidNano - worth * costNano, (state?.spentNano ?? 0) - worth * costNano)
    const freeAfterS = ((performance.now() - freeAtMs) / 1_000).toFixed(1)
    const spent = ((state?.spentNano ?? 0) / costNano).toFixed(2)
    const heldNano = state?.reservedNano ?? 0
    if (over > 0 || heldNano > 0) process.exitCode = 1
    return [round, server.requests.length, spent, over / 1e9, heldNano / 1e9, freeAfterS].map(String)
  } finally {
    await Promise.all(racers.map((racer) => racer.stop()))
    await server.stop()
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function report(): void {
  const heads = ['round', 'calls that reached the model', 'spent, in calls', 'overspent USD', 'still held USD', 'free after s']
  const note = `${calls} calls at once in ${processes} processes against a budget worth ${worth}, one process killed by SIGKILL as ${killAfter} calls were under way; the others’ calls that had no room were refused (402). A call of the killed process counts with what it had sent and heard, as the ledger estimates it. Leases are 2 s here, 15 s by default; “free after” is from the start of the process that takes over.`
  recordResults({
    name: 'budget-race',
    title: 'A budget that many race for',
    load,
    body: `${markdownTable(heads, rows)}\n\n${note}`,
  })
}
