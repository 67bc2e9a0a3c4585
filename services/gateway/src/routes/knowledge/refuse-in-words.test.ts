import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type OpenAI from 'openai'
import { type KnowledgeTestbed, startKnowledgeTestbed } from './testing.ts'

let testbed: KnowledgeTestbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startKnowledgeTestbed()
  client = testbed.client
})

afterAll(async () => {
  await testbed.stop()
  expect(testbed.unforeseen).toEqual([])
})

describe('what may stand there instead is said of', () => {
  it.each([
    { body: { query: 'x', weft: { modus: 'bm25' } }, said: "'weft.modus' is not known" },
    { body: { query: 'x', filters: { type: 'not', filters: [] } }, said: /'filters.type' .*'nin' \| 'and' \| 'or'/ },
    { body: { query: 'x', filters: { type: 'eq', key: 'a' } }, said: "'filters.value' is missing" },
    { body: { query: 'x', filters: {} }, said: "'filters.type' " },
    { body: { query: 5 }, said: "'query' has to be a text, or a list of up to 10 texts" },
    { body: { query: 'x', filters: { type: 'eq', key: 'a', value: null } }, said: "'filters.value' has to be a text, a number" },
    {
      body: { query: 'x', ranking_options: { hybrid_search: { embedding_weight: 0, text_weight: 0 } } },
      said: "'ranking_options.hybrid_search' one of its weights has to be above 0",
    },
  ])('a search: $said', async ({ body, said }) => {
    const store = await client.vectorStores.create({ name: 'bad' })
    await expect(client.post(`/vector_stores/${store.id}/search`, { body })).rejects.toThrow(said)
  })

  it('a field of ranking_options that nobody knows is named as ignored, as OpenAI may know more of them', async () => {
    const store = await client.vectorStores.create({ name: 'ranked' })
    const body = { query: 'x', ranking_options: { score_treshold: 0.9 } }
    const { response } = await client.post(`/vector_stores/${store.id}/search`, { body }).withResponse()
    expect([response.status, response.headers.get('x-weft-ignored-fields')]).toEqual([200, 'ranking_options.score_treshold'])
  })

  it.each([
    { more: { attributes: { a: [1] } }, said: "'attributes.a' has to be a text, a number, or true or false" },
    { more: { chunking_strategy: { type: 'static' } }, said: "'chunking_strategy.static' is missing" },
    { more: { chunking_strategy: { type: 'fixed' } }, said: "'chunking_strategy.type' Invalid" },
  ])('a file: $said', async ({ more, said }) => {
    const store = await client.vectorStores.create({ name: 'bad' })
    await expect(client.post(`/vector_stores/${store.id}/files`, { body: { file_id: 'x', ...more } })).rejects.toThrow(said)
  })
})
