import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { z } from 'zod'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'
import { createPostgresUsage } from '../../usage/postgres-usage.ts'

let database: TestDatabase
let gateway: TestGateway
beforeAll(async () => {
  database = await startTestDatabase()
  gateway = await startGateway({ usage: createPostgresUsage(database.database) })
  const call = (
    id: string,
    more: Partial<Record<'tenant' | 'user' | 'model' | 'at' | 'outcome', string>> & { cost?: number; measured?: boolean },
  ) =>
    sql`
    insert into model_calls (id, tenant, kind, user_id, session_id, agent, model, provider, price, price_known, attempt, first_call_id, is_streamed,
      started_at, outcome, input_tokens, output_tokens, cost_usd, measured)
    values (${id}, ${more.tenant ?? 'default'}, 'chat', ${more.user ?? 'ann'}, 'sess_1', 'gateway', ${more.model ?? 'openai/a'}, 'openai',
      ${JSON.stringify({ inputUsd: 1, outputUsd: 2 })}::text::jsonb, true, 1, ${id}, false, ${more.at ?? '2026-03-01T10:00:00Z'},
      ${more.outcome ?? 'completed'}, 100, 10, ${more.cost ?? 0.1}, ${more.measured ?? true})`.execute(database.database.db)
  await call('call_1', {})
  await call('call_2', { user: '=cmd("x")', at: '2026-03-01T23:59:59Z', cost: 0.2, measured: false })
  await call('call_3', { model: 'openai/b', at: '2026-03-02T00:00:00Z', outcome: 'failed', cost: 0 })
  await call('call_4', { tenant: 'another' })
})
afterAll(async () => {
  await gateway.stop()
  await database.stop()
})

const Body = z.looseObject({ data: z.array(z.unknown()).optional() })
const march = 'from=2026-03-01&to=2026-04-01'
const get = async (path: string, init?: Parameters<TestGateway['request']>[1]) => {
  const response = await gateway.request(path, init)
  return { status: response.status, body: Body.parse(await response.json()) }
}

describe('GET /v1/usage', () => {
  it('adds up the tenant’s own calls by what is asked for, and says what is estimated', async () => {
    const { body } = await get(`/v1/usage?group_by=day,model&${march}`)
    expect(body).toMatchObject({
      object: 'list',
      has_more: false,
      data: [
        {
          day: '2026-03-01',
          model: 'openai/a',
          calls: 2,
          inputTokens: 200,
          outputTokens: 20,
          costUsd: 0.3,
          estimated: { calls: 1, costUsd: 0.2 },
        },
        { day: '2026-03-02', model: 'openai/b', calls: 1, costUsd: 0 },
      ],
    })
    expect((await get(`/v1/usage?${march}`)).body.data).toMatchObject([{ calls: 3, inputTokens: 300 }])
    expect((await get('/v1/usage?from=2026-03-02&to=2026-03-03')).body.data).toMatchObject([{ calls: 1 }])
    expect((await get(`/v1/usage?group_by=user&limit=1&${march}`)).body).toMatchObject({
      has_more: true,
      data: [{ costUsd: 0.2 }],
    })
  })

  it('says up to when calls are missing from its sums, because they went into the archive', async () => {
    expect((await get(`/v1/usage?${march}`)).body).not.toHaveProperty('removedUntil')
    const until = '2026-03-01T09:00:00.000Z'
    await sql`
      insert into retention_anchors (tenant, history, removed_until) values ('default', 'calls', ${until})
    `.execute(database.database.db)
    expect((await get(`/v1/usage?${march}`)).body).toMatchObject({ removedUntil: until })
    expect((await gateway.request(`/v1/usage?format=csv&${march}`)).headers.get('x-weft-removed-until')).toBe(until)
    expect((await get('/v1/usage?from=2026-03-01T09:30:00Z&to=2026-04-01')).body).not.toHaveProperty('removedUntil')
  })

  it('answers CSV, in which no name becomes a formula', async () => {
    for (const [path, headers] of [
      [`/v1/usage?group_by=user&format=csv&${march}`, {}],
      [`/v1/usage?group_by=user&${march}`, { accept: 'text/csv' }],
    ] as const) {
      const response = await gateway.request(path, { headers })
      expect(response.headers.get('content-type')).toContain('text/csv')
      expect((await response.text()).split('\r\n')).toEqual([
        'user,calls,inputTokens,cachedInputTokens,outputTokens,reasoningTokens,costUsd,estimatedCalls,estimatedCostUsd',
        `"'=cmd(""x"")",1,100,0,10,0,0.2,1,0.2`,
        'ann,2,200,0,20,0,0.1,0,0',
        '',
      ])
    }
  })

  it('refuses what it cannot add up or read, naming it', async () => {
    for (const [query, param] of [
      ['group_by=colour', 'group_by.0'],
      ['from=yesterday', 'from'],
      ['from=2026-02-30', 'from'],
      ['from=2026-03-02&to=2026-03-01', 'from'],
      ['limit=0', 'limit'],
      ['format=xml', 'format'],
    ])
      expect(await get(`/v1/usage?${query}`)).toMatchObject({ status: 400, body: { error: { param, code: 'invalid_request' } } })
  })

  it('is for administrators', async () => {
    const key = await gateway.makeKey({ scopes: ['chat', 'approve'] })
    for (const path of ['/v1/usage', '/v1/usage/calls', '/v1/usage/calls/call_1'])
      expect(await get(path, { key })).toMatchObject({ status: 403, body: { error: { code: 'permission_denied' } } })
  })
})

describe('GET /v1/usage/calls', () => {
  it('lists calls newest first, page by page, and only those that are asked for', async () => {
    const first = await get(`/v1/usage/calls?limit=2&${march}`)
    expect(first.body).toMatchObject({
      has_more: true,
      data: [
        { id: 'call_3', outcome: 'failed' },
        { id: 'call_2', measured: false },
      ],
    })
    expect((await get(`/v1/usage/calls?limit=2&after=call_2&${march}`)).body).toMatchObject({
      has_more: false,
      data: [{ id: 'call_1' }],
    })
    expect((await get(`/v1/usage/calls?model=openai/b&${march}`)).body.data).toHaveLength(1)
    expect(await get(`/v1/usage/calls?after=call_4&${march}`)).toMatchObject({ status: 400, body: { error: { param: 'after' } } })
  })

  it('exports all of them as CSV', async () => {
    const response = await gateway.request(`/v1/usage/calls?format=csv&${march}`)
    const lines = (await response.text()).trimEnd().split('\r\n')
    expect(lines.map((line) => line.split(',')[0])).toEqual(['id', 'call_3', 'call_2', 'call_1'])
  })

  it('shows one with the price it was reckoned at, and none of another tenant', async () => {
    expect((await get('/v1/usage/calls/call_1')).body).toMatchObject({
      object: 'usage.call',
      price: { inputUsd: 1, outputUsd: 2 },
      receipt: null,
    })
    expect(await get('/v1/usage/calls/call_4')).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } })
  })
})
