import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { installPythonClient, type PythonClient } from './mesh/python-client.ts'
import { openAiClient, sharedMesh, storeOf } from './mesh/shared-mesh.ts'
import { storeLife } from './mesh/store-life.ts'

const wholeLife = {
  created: { name: 'life', metadata: { team: 'sea' }, status: 'completed' },
  attached: { status: 'completed', attributes: { topic: 'sea', year: 2026 } },
  batch: { status: 'completed', completed: 3, total: 3 },
  filtered: ['tides.md'],
  every: ['bread-1.md', 'bread-2.md', 'bread-3.md', 'tides.md'],
  expiring: { anchor: 'last_active_at', days: 3, after: 259_200 },
  briefFileFor: 3_600,
  renamed: { name: 'long life', metadata: { team: 'land' } },
  changed: { topic: 'moon' },
  afterChange: [],
  firstPage: { files: 3, hasMore: true },
  pagedFiles: 4,
  content: 'The moon raises the tides. 🌊',
  left: true,
  stillThere: 'tides.md',
  completed: 3,
  deleted: true,
  gone: 404,
}

let python: PythonClient | undefined

beforeAll(async () => {
  python = await installPythonClient()
})
afterAll(() => python?.remove())

describe('a vector store is made, filled, searched under filters, changed, paged through, read and deleted', () => {
  it('by OpenAI’s client for JavaScript', async () => {
    expect(await storeLife(openAiClient())).toEqual(wholeLife)
  })

  it('by OpenAI’s client for Python', async () => {
    const { url, apiKey } = sharedMesh()
    const printed = await python?.run('store_life.py', { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: apiKey })
    if (printed !== undefined) expect(JSON.parse(printed)).toEqual(wholeLife)
  })
})

it('whoever goes through a list and deletes what it reads comes to its end', async () => {
  const client = openAiClient()
  const storeId = await storeOf('emptied', Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`${n}.md`, `Text ${n}.`])))
  let deleted = 0
  for await (const { id } of client.vectorStores.files.list(storeId, { limit: 2 })) {
    await client.files.delete(id)
    deleted += 1
  }
  expect(deleted).toBe(5)
  expect((await client.vectorStores.files.list(storeId)).data).toEqual([])
})
