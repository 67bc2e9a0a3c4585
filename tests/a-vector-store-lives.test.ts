import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { installPythonClient, type PythonClient } from './mesh/python-client.ts'
import { openAiClient, sharedMesh } from './mesh/shared-mesh.ts'
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
