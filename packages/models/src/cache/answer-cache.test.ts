import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { migrateUp, sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { type AnswerStore, createAnswerCache, type KeptAnswer } from './answer-cache.ts'
import { cacheKeyOf } from './core/cache-key.ts'
import { createPostgresAnswers } from './postgres-answers.ts'

let test: TestDatabase
let store: AnswerStore
const quiet = { warn: () => undefined }
const answer = (text: string): KeptAnswer => ({
  model: 'acme/m',
  isStreamed: false,
  pieces: [text],
  inputTokens: 3,
  outputTokens: 1,
})
const keyOf = (question: string, tenant = 'tenant', more: object = {}) =>
  cacheKeyOf({ model: 'acme/m', messages: [{ role: 'user', content: question }], ...more }, tenant)

beforeAll(async () => {
  test = await startTestDatabase()
  await migrateUp(test.database)
  store = createPostgresAnswers(test.database)
})
afterAll(() => test.stop())

describe('answers that may be given again', () => {
  it('are found by another process, by the same tenant only, until their time is over', async () => {
    const [first, second] = [60_000, 60_000].map((ttlMs) => createAnswerCache({ store, logger: quiet, ttlMs }))
    first?.keep(keyOf('a'), answer('A'))
    await first?.settled()
    expect(await second?.find(keyOf('a'))).toEqual(answer('A'))
    expect(await second?.find(keyOf('a', 'other'))).toBeUndefined()
    expect(await second?.find(keyOf('a', 'tenant', { seed: 2 }))).toBeUndefined()
    await sql`update cached_answers set expires_at = now()`.execute(test.database.db)
    expect(await createAnswerCache({ store, logger: quiet, ttlMs: 60_000 }).find(keyOf('a'))).toBeUndefined()
    await store.forgetOld()
    const { rows } = await sql`select 1 from cached_answers`.execute(test.database.db)
    expect(rows).toEqual([])
  })

  it('lie in memory, the last used ones, as many bytes as fit, and not longer than they may', async () => {
    let nowMs = 0
    const away: AnswerStore = { ...store, find: async () => undefined, keep: async () => undefined }
    const cache = createAnswerCache({ store: away, logger: quiet, ttlMs: 1_000, memoryBytesMax: 25, nowMs: () => nowMs })
    cache.keep(keyOf('a'), answer('a'.repeat(10)))
    cache.keep(keyOf('b'), answer('b'.repeat(10)))
    await cache.find(keyOf('a'))
    cache.keep(keyOf('c'), answer('c'.repeat(10)))
    const found = async () => (await Promise.all(['a', 'b', 'c'].map((name) => cache.find(keyOf(name))))).map(Boolean)
    expect(await found()).toEqual([true, false, true])
    nowMs = 1_000
    expect(await found()).toEqual([false, false, false])
  })

  it('are given for no longer because another process has found them', async () => {
    let nowMs = 0
    const [first, second] = [60_000, 60_000].map((ttlMs) =>
      createAnswerCache({ store, logger: quiet, ttlMs, nowMs: () => nowMs }),
    )
    first?.keep(keyOf('late'), answer('L'))
    await first?.settled()
    await sql`update cached_answers set expires_at = now() + interval '10 seconds'`.execute(test.database.db)
    expect(await second?.find(keyOf('late'))).toEqual(answer('L'))
    await sql`delete from cached_answers`.execute(test.database.db)
    nowMs = 9_000
    expect(await second?.find(keyOf('late'))).toEqual(answer('L'))
    nowMs = 10_000
    expect(await second?.find(keyOf('late'))).toBeUndefined()
  })

  it('are found for a question that means the same, if everything else is equal and no word that matters differs', async () => {
    const embed = async (question: string) => (question.includes('capital') ? [1, 0.001 * question.length] : [0, 1])
    const cache = createAnswerCache({
      store,
      logger: quiet,
      ttlMs: 60_000,
      embed,
    })
    cache.keep(keyOf('What is the capital of France?'), answer('Paris'))
    await cache.settled()
    const text = async (question: string, more: object = {}) => (await cache.find(keyOf(question, 'tenant', more)))?.pieces[0]
    expect(await text('Please tell me: which is the capital of France?')).toBe('Paris')
    expect(await text('The capital is of what in France?')).toBeUndefined()
    expect(await text('What is the capital of Spain?')).toBeUndefined()
    expect(await text('What was the capital of France in 1942?')).toBeUndefined()
    expect(await text('Who painted it in France?')).toBeUndefined()
    expect(await text('Which is the capital of France?', { max_tokens: 5 })).toBeUndefined()
  })

  it('are stored only so many at once: the others stay in the memory of their process', async () => {
    let storing = 0
    const slow: AnswerStore = { ...store, find: async () => undefined, keep: () => new Promise(() => storing++) }
    const cache = createAnswerCache({ store: slow, logger: quiet, ttlMs: 60_000 })
    for (let n = 0; n < 100; n++) cache.keep(keyOf(`slow ${n}`), answer('S'))
    expect(storing).toBe(64)
    expect(await cache.find(keyOf('slow 99'))).toEqual(answer('S'))
  })

  it('are done without while the database is away', async () => {
    const fails = () => Promise.reject(new Error('away'))
    const warnings: string[] = []
    const logger = { warn: (message: string) => warnings.push(message) }
    const cache = createAnswerCache({
      store: { find: fails, questions: fails, keep: fails, forgetOld: fails },
      logger,
      ttlMs: 1_000,
    })
    cache.keep(keyOf('a'), answer('A'))
    await cache.settled()
    expect(await cache.find(keyOf('a'))).toEqual(answer('A'))
    expect(await cache.find(keyOf('b'))).toBeUndefined()
    expect(warnings).toHaveLength(1)
  })
})
