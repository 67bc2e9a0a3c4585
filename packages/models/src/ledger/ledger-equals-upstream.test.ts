import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { runTraffic } from './testing/run-traffic.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

it('equals the upstream’s own count to the token, with failures, cancels and gateways killed in the middle', async () => {
  const compared = await runTraffic(test, { calls: 200, kills: 2 })
  expect(compared).toMatchObject({ missing: 0, doubled: 0, different: 0, unmarked: 0 })
  expect(compared.tokens.ledger).toBe(compared.tokens.upstream)
  expect(compared.outcomes.completed).toBeGreaterThan(100)
  expect(compared.outcomes.failed).toBeGreaterThan(10)
  expect(compared.outcomes.cancelled).toBeGreaterThan(5)
})
