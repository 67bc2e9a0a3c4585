import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import type { ModelServer } from '../testing/model-server.ts'
import { startOpenAiServer } from '../testing/openai-server.ts'
import { createPostgresBudgets } from './postgres-budgets.ts'
import { type Racer, startRacer } from './testing/race.ts'

let test: TestDatabase
let server: ModelServer
let folder: string
let racers: Racer[]

beforeEach(async () => {
  test = await startTestDatabase()
  const reply = { kind: 'text' as const, chunks: ['Hello'], delayMs: 300, inputTokens: 20, outputTokens: 1_000 }
  server = await startOpenAiServer({ models: ['gpt-6-luna'], reply })
  folder = mkdtempSync(join(tmpdir(), 'weft-race-'))
  racers = []
})
afterEach(async () => {
  await Promise.all(racers.map((racer) => racer.stop()))
  await server.stop()
  await test.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** gpt-6-luna: 0.1 and 0.5 USD a million tokens. */
const costUsd = (20 * 0.1 + 1_000 * 0.5) / 1e6

async function start(): Promise<Racer> {
  const racer = await startRacer({ databaseUrl: test.url, modelsUrl: server.url, folder })
  racers.push(racer)
  return racer
}

async function account(): Promise<{ spentNano: number; reservedNano: number }> {
  const [budget] = await createPostgresBudgets(test.database).list('acme')
  if (budget === undefined) throw new Error('there is no budget')
  return budget
}

it('a call waits for what a process that was killed held, and no more is paid than the budget is worth', async () => {
  // At the rates that a long request would have, one call’s worst case fits and two do not.
  const limitUsd = 3 * costUsd
  await createPostgresBudgets(test.database).put('acme', { scope: 'tenant', limitUsd, period: 'total', onBreach: 'reject' })
  const [killed, living] = await Promise.all([start(), start()])
  killed.race(1)
  while (server.requests.length === 0) await sleep(10)
  await killed.kill()
  living.race(1)
  await start()
  await living.ended(1)
  expect(living.outcomes).toEqual(['paid'])
  const { spentNano } = await account()
  expect(spentNano).toBeLessThanOrEqual(limitUsd * 1e9)
})

it('of 60 racing calls in three processes, one of which is killed, no more are paid than the budget is worth, and nothing stays held', async () => {
  const limitUsd = 10 * costUsd
  await createPostgresBudgets(test.database).put('acme', { scope: 'tenant', limitUsd, period: 'total', onBreach: 'reject' })
  const [first, second, third] = await Promise.all([start(), start(), start()])
  for (const racer of racers) racer.race(20)
  await third?.kill().then(() => undefined)
  await Promise.all([first?.ended(20), second?.ended(20)])
  const replacing = await start()
  while ((await account()).reservedNano > 0) await sleep(100)
  const { spentNano } = await account()
  expect(spentNano).toBeLessThanOrEqual(limitUsd * 1e9)
  expect(server.requests.length * costUsd).toBeLessThanOrEqual(limitUsd)
  const { rows } = await sql<{ usd: string }>`select sum(cost_usd) as usd from model_calls`.execute(test.database.db)
  expect(Math.round(Number(rows[0]?.usd) * 1e9)).toBe(spentNano)
  // What is left is there for whoever comes next.
  replacing.race(10)
  await replacing.ended(10)
  expect(replacing.outcomes).toContain('budget_exceeded')
  expect(server.requests.length * costUsd).toBeLessThanOrEqual(limitUsd)
})
