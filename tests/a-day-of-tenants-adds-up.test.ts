import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { auditDay, noDiscrepancies } from './day/audit-day.ts'
import { type BillingUpstream, startBillingUpstream } from './day/billing-upstream.ts'
import { liveDay } from './day/live-day.ts'
import { planDay } from './day/plan-day.ts'
import { meshProcesses, sharedMesh } from './mesh/shared-mesh.ts'

let upstream: BillingUpstream
beforeAll(async () => {
  upstream = await startBillingUpstream(sharedMesh().openAiPort)
})
afterAll(() => upstream.stop())

async function killGateway(): Promise<void> {
  const pid = (await meshProcesses()).find(({ name }) => name === 'gateway')?.pid ?? 0
  process.kill(pid, 'SIGKILL')
}

it('a day of fifty tenants adds up to the cent, although the gateway is killed in it', async () => {
  const { url, apiKey } = sharedMesh()
  const day = planDay({ tenants: 50, each: 8, seed: 7 })
  const kills = { at: [0.4, 0.8], kill: killGateway }
  const lived = await liveDay({ day, gateways: [url], adminKey: apiKey, run: `day-${Date.now()}`, dayTakesMs: 6_000, kills })
  const { discrepancies, invoices, outcomes } = await auditDay({
    url,
    tenants: lived.tenants,
    billed: upstream.billed,
  })

  expect(discrepancies).toEqual(noDiscrepancies)
  expect(invoices.reduce((sum, { totalUsd }) => sum + totalUsd, 0)).toBeGreaterThan(0.5)
  expect(outcomes).toMatchObject({ completed: expect.any(Number), failed: expect.any(Number), cancelled: expect.any(Number) })
  // How many of each depends on when the gateway was away; that budgets ran out does not.
  expect(lived.seen).toMatchObject({
    200: expect.any(Number),
    400: expect.any(Number),
    402: expect.any(Number),
    left: expect.any(Number),
  })
})
