import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { migrateUp } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { seededRandom } from './core/draw-sample.ts'
import { featuresOfPrompt } from './core/prompt-features.ts'
import { createPostgresRouting } from './postgres-routing.ts'
import { createRoutingMemory } from './routing-memory.ts'
import type { RouteChoice, RoutingStore } from './routing-store.ts'

let test: TestDatabase
let store: RoutingStore
const features = featuresOfPrompt('Who founded Rome?')
const choice = (id: string, tenant = 'tenant'): RouteChoice => ({
  ...{ id, tenant, sessionId: 'sess_1', turn: 1, model: 'acme/small', taskClass: 'question', features },
  ...{ minQuality: 0.95, expected: 0.5, bestExpected: 0.5 },
})
const quiet = { warn: () => undefined }
const outcomesOf = (memory: ReturnType<typeof createRoutingMemory>, tenant = 'tenant') =>
  memory.learned(tenant).believe('acme/small', { taskClass: 'question', features }, seededRandom(1)).outcomes

beforeAll(async () => {
  test = await startTestDatabase()
  await migrateUp(test.database)
  store = createPostgresRouting(test.database)
})
afterAll(() => test.stop())

describe('what has been learned of models', () => {
  it('outlives the process and is shared by others, for each tenant apart', async () => {
    const first = createRoutingMemory({ store, logger: quiet })
    for (let n = 0; n < 3; n++) first.noteOutcome({ choice: choice(`route_${n}`), kind: 'feedback', reward: 1 })
    first.noteOutcome({ choice: choice('route_other', 'other'), kind: 'schema', reward: 0, outputTokens: 10 })
    expect(outcomesOf(first)).toBe(3)
    await first.stop()
    const second = createRoutingMemory({ store, logger: quiet })
    second.start()
    await second.stop()
    expect([outcomesOf(second), outcomesOf(second, 'other'), outcomesOf(second, 'third')]).toEqual([3, 1, 0])
  })

  it('is learned once by whoever reads it twice', async () => {
    const memory = createRoutingMemory({ store, logger: quiet })
    memory.start()
    await memory.stop()
    memory.start()
    await memory.stop()
    expect(outcomesOf(memory)).toBe(3)
  })

  it('is forgotten after its time', async () => {
    await store.save({ choices: [choice('route_9')], outcomes: [], writer: 'me' })
    await store.forget(Date.now() + 60_000)
    expect(await store.outcomes({ perTenantMax: 10, afterSeq: 0 })).toEqual([])
  })

  it('stays in this process while the database is away, and is stored later', async () => {
    let isAway = true
    const warnings: string[] = []
    const shaky: RoutingStore = {
      ...store,
      save: (batch) => (isAway ? Promise.reject(new Error('away')) : store.save(batch)),
    }
    const memory = createRoutingMemory({ store: shaky, logger: { warn: (message) => warnings.push(message) } })
    memory.noteOutcome({ choice: choice('route_10'), kind: 'citations', reward: 0.5 })
    for (let times = 0; times < 6; times++) await memory.stop()
    expect([outcomesOf(memory), warnings.length]).toEqual([1, 1])
    isAway = false
    await memory.stop()
    expect(await store.outcomes({ perTenantMax: 10, afterSeq: 0 })).toMatchObject([{ kind: 'citations', reward: 0.5 }])
  })

  it('is noted of answers that feedback may come on, and of no others', async () => {
    const noted: string[] = []
    const noting: RoutingStore = { ...store, save: async ({ choices }) => void noted.push(...choices.map(({ id }) => id)) }
    const memory = createRoutingMemory({ store: noting, logger: quiet })
    memory.noteChoice(choice('route_11'))
    memory.noteChoice({ ...choice('route_12'), sessionId: undefined })
    await memory.stop()
    expect(noted).toEqual(['route_11'])
  })
})
