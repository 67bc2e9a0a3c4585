import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import { openAiClient, sharedMesh, weftOf } from './mesh/shared-mesh.ts'

let openAi: ModelServer

beforeAll(async () => {
  const { openAiPort } = sharedMesh()
  const chunks = ['# Harbour\n\n', 'The ferry to Lerwick leaves at seven.']
  openAi = await startOpenAiServer({
    port: openAiPort,
    models: ['test-model', 'reader-of-images'],
    reply: { kind: 'text', chunks },
  })
})
afterAll(() => openAi.stop())

it('the text in an image is read by the model that sees, found, and cited word for word', async () => {
  const client = openAiClient()
  const store = await client.vectorStores.create({ name: 'images' })
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const added = await client.vectorStores.files.uploadAndPoll(store.id, new File([png], 'sign.png'), { pollIntervalMs: 50 })
  expect(added).toMatchObject({ status: 'completed', last_error: null })
  const asked = {
    model: 'weft/search',
    messages: [{ role: 'user' as const, content: 'When does the ferry to Lerwick leave?' }],
    weft: { vectorStoreIds: [store.id] },
  }
  const [citation] = weftOf(await client.chat.completions.create(asked)).citations
  expect(citation).toMatchObject({ filename: 'sign.png', quote: expect.stringContaining('leaves at seven') })
  expect(openAi.refusals).toEqual([])
})
