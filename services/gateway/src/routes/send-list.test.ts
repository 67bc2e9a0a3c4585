import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

interface List {
  data: { id: string }[]
  has_more: boolean
}

async function list(query = ''): Promise<List> {
  return (await (await gateway.request(`/v1/models${query}`)).json()) as List
}

describe('a list that is short enough to be read whole', () => {
  it('is answered whole, or page by page when a limit is given', async () => {
    const { data: all, has_more } = await list()
    expect([all.length > 2, has_more]).toEqual([true, false])
    expect(await list('?limit=2')).toMatchObject({ data: all.slice(0, 2), has_more: true })
    expect(await list(`?limit=100&after=${all[1]?.id}`)).toMatchObject({ data: all.slice(2), has_more: false })
    expect(await list(`?limit=1&after=${all.at(-1)?.id}`)).toMatchObject({ data: [], has_more: false })
  })

  it.each(['limit=0', 'limit=101', 'limit=x', 'after=nothing'])('refuses %s, naming it', async (query) => {
    const response = await gateway.request(`/v1/models?${query}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: query.split('=')[0] } })
  })

  it('goes on behind an item that was deleted meanwhile, and refuses one that never was in it', async () => {
    const other = await startGateway({
      places: {
        behind: async (_list, { id }) => (id.startsWith('wh_') ? (await webhooks()).slice(1).map((left) => left.id) : undefined),
      },
    })
    const webhooks = async (query = '') =>
      ((await (await other.request(`/v1/webhooks${query}`)).json()) as { data?: { id: string }[] }).data ?? []
    for (const port of [1, 2, 3]) {
      const body = JSON.stringify({ url: `http://127.0.0.1:${port}/` })
      await other.request('/v1/webhooks', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    }
    expect(await webhooks('?limit=1&after=wh_gone')).toEqual((await webhooks()).slice(1, 2))
    expect((await other.request('/v1/webhooks?after=nothing')).status).toBe(400)
    await other.stop()
  })
})
