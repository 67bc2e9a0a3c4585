import { afterEach, describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import type { SweepWish } from '../../retention/sweep-tenant.ts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'
import type { RetentionDeps } from './retention-deps.ts'

let gateway: TestGateway
afterEach(() => gateway.stop())

const none = { count: 0, oldest: undefined }
const wishes: SweepWish[] = []

async function start(more: Partial<RetentionDeps> = {}): Promise<void> {
  wishes.length = 0
  const limitsOf = (tenant: string) => ({ sessions: tenant === 'acme' ? 30 : undefined, calls: 400, audit: undefined })
  const due = async (tenant: string) => ({
    ...{ calls: none, audit: none, approvals: none },
    sessions: tenant === 'acme' ? { count: 2, oldest: '2026-01-01T00:00:00.000Z' } : none,
  })
  const retention: RetentionDeps = {
    store: { due, removedUntil: async () => ({ calls: '2025-01-01T00:00:00.000Z' }) },
    archive: { folder: '/archive', problem: async () => undefined },
    limitsOf,
    async sweep(wish) {
      wishes.push(wish)
      return { removed: { sessions: 2, calls: 0, audit: 0, approvals: 0 }, isMoreDue: true, problem: undefined }
    },
    ...more,
  }
  gateway = await startGateway({ retention })
}

const run = (key: string) => gateway.request('/v1/retention/run', { method: 'POST', key })

describe('retention', () => {
  it('shows an administrator what holds for the own tenant, and what is due', async () => {
    await start()
    const key = await gateway.makeKey({ tenant: 'acme' })
    expect(await (await gateway.request('/v1/retention', { key })).json()).toEqual({
      ...{ object: 'retention', tenant: 'acme', days: { sessions: 30, calls: 400, audit: 'none' } },
      due: {
        sessions: { count: 2, oldest: '2026-01-01T00:00:00.000Z' },
        ...{ calls: { count: 0 } },
        audit: { count: 0 },
        approvals: { count: 0 },
      },
      removedUntil: { calls: '2025-01-01T00:00:00.000Z' },
      archive: { folder: '/archive', problem: null },
    })
    expect(await (await gateway.request('/v1/retention')).json()).toMatchObject({ tenant: 'default', days: { sessions: 'none' } })
  })

  it('is applied at once for whoever asks, to the own tenant alone', async () => {
    await start()
    const key = await gateway.makeKey({ tenant: 'acme', name: 'ann' })
    expect(await (await run(key)).json()).toEqual({
      ...{ object: 'retention_run', removed: { sessions: 2, calls: 0, audit: 0, approvals: 0 }, isMoreDue: true, problem: null },
    })
    expect(wishes).toMatchObject([{ tenant: 'acme', limits: { sessions: 30 }, by: { name: 'ann', tenant: 'acme' } }])
  })

  it.each([
    [409, new WeftError('conflict', 'what is old of "default" is being removed by another process')],
    [503, new WeftError('dependency_unavailable', 'the archive takes nothing')],
  ])('answers %d with the reason when it cannot be', async (status, refusal) => {
    await start({ sweep: async () => Promise.reject(refusal) })
    const response = await run(await gateway.makeKey())
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { message: refusal.message } })
  })

  it('is for administrators', async () => {
    await start()
    const key = await gateway.makeKey({ scopes: ['chat', 'approve'] })
    expect((await gateway.request('/v1/retention', { key })).status).toBe(403)
    expect((await run(key)).status).toBe(403)
    expect(wishes).toEqual([])
  })
})
