import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createPostgresBudgets } from '@weft/models'
import { createPostgresAgents } from '../agents/postgres-agents.ts'
import { createPostgresWebhooks } from '../notifications/postgres-webhooks.ts'
import { createPostgresListPlaces } from './postgres-list-places.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

const capabilities = [{ name: 'work', description: '', inputSchema: {}, outputSchema: {}, effects: 'none' as const }]

describe('whoever goes through a list and deletes what it reads goes on behind it, in the list of', () => {
  it('agents', async () => {
    const agents = createPostgresAgents(test.database)
    for (const id of ['b', 'a', 'c']) await agents.put({ id, version: '1', description: '', capabilities })
    await agents.remove('b')
    expect(await behind('agents', '', 'b')).toEqual(['a', 'c'])
    await agents.remove('c')
    expect(await behind('agents', '', 'c')).toEqual([])
  })

  it('budgets', async () => {
    const budgets = createPostgresBudgets(test.database)
    const put = (tenant: string, id: string) =>
      budgets.put(tenant, { scope: 'user', id, period: 'day', limitUsd: 1, onBreach: 'reject' })
    const [first, second] = [await put('acme', 'ann'), await put('acme', 'ben')]
    await put('other', 'eve')
    await budgets.remove(first.id)
    expect(await behind('budgets', 'acme', first.id)).toEqual([second.id])
    expect(await behind('budgets', 'other', first.id)).toBeUndefined()
  })

  it('webhooks', async () => {
    const webhooks = createPostgresWebhooks(test.database)
    for (const id of ['wh_2', 'wh_1', 'wh_3'])
      await webhooks.insert({ id, tenant: 'acme', url: 'http://127.0.0.1/', secret: 's' })
    await webhooks.remove({ tenant: 'acme', id: 'wh_2' })
    expect(await behind('webhooks', 'acme', 'wh_2')).toEqual(['wh_1', 'wh_3'])
    expect(await behind('webhooks', 'acme', 'wh_9')).toBeUndefined()
  })
})

async function behind(list: 'agents' | 'budgets' | 'webhooks', tenant: string, id: string): Promise<string[] | undefined> {
  const ids = await createPostgresListPlaces(test.database).behind(list, { tenant, id })
  return ids?.toSorted()
}
