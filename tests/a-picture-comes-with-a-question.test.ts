import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import { eventually } from './mesh/paused-sessions.ts'
import { openAiClient, request, sharedMesh, storeOf, weftOf } from './mesh/shared-mesh.ts'

const model = (name: string, usd: number, ...more: string[]) => ({
  id: `openai/${name}`,
  capabilities: ['chat', ...more],
  price: { inputUsd: usd, outputUsd: usd },
  ...{ contextTokens: 100_000, outputTokensMax: 4_096, firstTokenMs: 500 },
})
const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AA==' } }

/** No other test calls them: a process that still has these settings when the server is gone finds both models down. */
const [cheap, seer] = ['cheap-and-blind', 'seer'] as const

let openAi: ModelServer
beforeAll(async () => {
  openAi = await startOpenAiServer({ port: sharedMesh().openAiPort, models: ['test-model', cheap, seer] })
})
afterAll(async () => {
  await set({ models: null, defaultModel: null })
  // Every process reads its settings every three seconds: none is to ask for these models at the next test's server.
  await sleep(6_000)
  await openAi.stop()
})

async function set(settings: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await request('/v1/settings', { method: 'PUT', headers, body: JSON.stringify(settings) })
  expect(answer.status).toBe(200)
}

it('a question with a picture goes to the model that sees it, although another is cheaper and does for questions without', async () => {
  const models = { models: [model(cheap, 0.1), model(seer, 2, 'vision')] }
  await set({ models, defaultModel: 'auto' })
  const store = await storeOf('ferries', { 'ferry.md': 'The ferry to Lerwick leaves at seven.' })
  const ask = async (...attached: (typeof image)[]) => {
    const content = [{ type: 'text' as const, text: 'When does the ferry to Lerwick leave?' }, ...attached]
    const chat = {
      model: 'weft/search',
      messages: [{ role: 'user' as const, content }],
      weft: { vectorStoreIds: [store], cache: false },
    }
    const { degraded } = weftOf(await openAiClient().chat.completions.create(chat))
    return { asked: openAi.requests.at(-1)?.body?.model, isLeftOut: degraded.includes('attachments_left_out') }
  }
  // The mesh reads changed settings within seconds.
  await eventually(async () => (await ask(image)).asked === seer)
  expect(await ask(image)).toEqual({ asked: seer, isLeftOut: false })
  expect(JSON.stringify(openAi.requests.at(-1)?.body?.messages)).toContain('image_url')
  expect(await ask()).toEqual({ asked: cheap, isLeftOut: false })
})
