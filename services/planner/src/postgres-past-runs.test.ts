import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { readPastRuns } from './postgres-past-runs.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

async function logTurn(tenant: string, sessionId: string, { isReused = false, isDone = true } = {}): Promise<void> {
  const { db } = test.database
  const plan = { steps: ['retrieve', 'answer'].map((capability) => ({ stepId: capability, agent: 'rag', capability })) }
  const events = [
    ['plan.ready', null, { plan }],
    ['step.succeeded', 'retrieve', { costUsd: 0.001, ...(isReused ? { isReused } : {}) }],
    ['step.succeeded', 'answer', { costUsd: 0.02 }],
    ...(isDone ? [['turn.completed', null, { answer: { costUsd: 0.021 } }]] : []),
  ]
  await sql`insert into sessions (tenant, id, status, title, updated_at, last_seq) values (${tenant}, ${sessionId}, 'completed', '', now(), 4)`.execute(
    db,
  )
  for (const [n, [type, stepId, data]] of events.entries())
    await sql`
      insert into session_events (tenant, session_id, seq, at, type, turn, step_id, data)
      values (${tenant}, ${sessionId}, ${n + 1}, now(), ${type}, 1, ${stepId}, ${JSON.stringify(data)}::jsonb)
    `.execute(db)
}

it('tells what the steps of completed turns did and cost, of the tenant alone, and nothing of turns that cost less for being forked', async () => {
  await logTurn('acme', 'sess_1')
  await logTurn('acme', 'sess_2', { isReused: true })
  await logTurn('acme', 'sess_3', { isDone: false })
  await logTurn('other', 'sess_4')
  const runs = await readPastRuns(test.database, 'acme')
  expect(runs.map(({ steps }) => steps.toSorted((a, b) => a.costUsd - b.costUsd))).toEqual([
    [
      { agent: 'rag', capability: 'retrieve', costUsd: 0.001 },
      { agent: 'rag', capability: 'answer', costUsd: 0.02 },
    ],
  ])
})
