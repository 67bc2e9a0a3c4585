import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

function send(method: string, path: string, body?: unknown, key?: string): Promise<Response> {
  return gateway.request(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(key === undefined ? {} : { key }),
  })
}

const monthly = { scope: 'user', id: 'ann', limitUsd: 5, period: 'month' }

it('shows a budget with what is spent, and when its period ends', async () => {
  const made = await (await send('PUT', '/v1/budgets', monthly)).json()
  expect(made).toMatchObject({
    object: 'budget',
    ...monthly,
    onBreach: 'reject',
    spentUsd: 1.5,
    reservedUsd: 0,
    periodStart: '2026-11-01T00:00:00.000Z',
    periodEnd: '2026-12-01T00:00:00.000Z',
  })
  expect(await (await send('GET', '/v1/budgets')).json()).toEqual({ object: 'list', data: [made], has_more: false })
})

it('a budget put again is changed, not doubled, and removed by its own id', async () => {
  await send('PUT', '/v1/budgets', monthly)
  const { budgetId } = (await (await send('PUT', '/v1/budgets', { ...monthly, limitUsd: 0, onBreach: 'ask' })).json()) as {
    budgetId: string
  }
  expect(await (await send('GET', '/v1/budgets')).json()).toMatchObject({ data: [{ limitUsd: 0, onBreach: 'ask' }] })
  const path = `/v1/budgets/${encodeURIComponent(budgetId)}`
  expect((await send('DELETE', path)).status).toBe(200)
  expect((await send('DELETE', path)).status).toBe(404)
})

it.each([
  ['a negative limit', { ...monthly, limitUsd: -1 }, 'limitUsd'],
  ['a limit that is no number', { ...monthly, limitUsd: Number.NaN }, 'limitUsd'],
  ['a limit written as text', { ...monthly, limitUsd: '5' }, 'limitUsd'],
  ['an unknown scope', { ...monthly, scope: 'planet' }, 'scope'],
  ['an unknown period', { ...monthly, period: 'week' }, 'period'],
  ['an unknown breach', { ...monthly, onBreach: 'shrug' }, 'onBreach'],
  ['a user without an id', { scope: 'user', limitUsd: 5, period: 'day' }, 'id'],
  ['a tenant with an id', { scope: 'tenant', id: 'acme', limitUsd: 5, period: 'day' }, 'id'],
  ['no limit', { scope: 'tenant', period: 'day' }, 'limitUsd'],
])('refuses %s, naming the field', async (_what, body, param) => {
  const response = await send('PUT', '/v1/budgets', body)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } })
})

it('is for administrators, shows nobody another tenant’s, and leaves the service’s to whoever runs it', async () => {
  const chat = await gateway.makeKey({ scopes: ['chat', 'approve'] })
  expect((await send('GET', '/v1/budgets', undefined, chat)).status).toBe(403)
  const other = await gateway.makeKey({ tenant: 'other' })
  const service = { scope: 'service', limitUsd: 100, period: 'day' }
  expect((await send('PUT', '/v1/budgets', service, other)).status).toBe(403)
  const { budgetId } = (await (await send('PUT', '/v1/budgets', service)).json()) as { budgetId: string }
  await send('PUT', '/v1/budgets', monthly)
  expect(await (await send('GET', '/v1/budgets', undefined, other)).json()).toMatchObject({ data: [] })
  expect((await send('DELETE', `/v1/budgets/${encodeURIComponent(budgetId)}`, undefined, other)).status).toBe(404)
})
