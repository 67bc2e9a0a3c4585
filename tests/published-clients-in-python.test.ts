import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelServer, startAnthropicServer, startOpenAiServer } from '@weft/models/testing'
import { installPythonClient, type PythonClient } from './mesh/python-client.ts'
import { sharedMesh } from './mesh/shared-mesh.ts'

let openAi: ModelServer
let anthropic: ModelServer
let python: PythonClient | undefined

beforeAll(async () => {
  const { openAiPort, anthropicPort } = sharedMesh()
  const reply = { kind: 'text' as const, chunks: ['Hello', ' there.'] }
  openAi = await startOpenAiServer({ port: openAiPort, models: ['test-model'], reply })
  anthropic = await startAnthropicServer({ port: anthropicPort, models: ['claude-test'], reply })
  python = await installPythonClient()
})
afterAll(async () => {
  await openAi.stop()
  await anthropic.stop()
  await python?.remove()
})

it.each(['openai/test-model', 'anthropic/claude-test'])(
  'openai for Python with %s: chat, tools, schemas, responses, embeddings, models and errors',
  async (model) => {
    const { url, apiKey } = sharedMesh()
    const said = { kind: 'text' as const, chunks: ['Hello', ' there.'] }
    const server = model.startsWith('openai/') ? openAi : anthropic
    server.script(
      ...[said, said],
      { kind: 'tool_calls', calls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }] },
      { kind: 'text', chunks: ['{"city":"Oslo"}'] },
    )
    const printed = await python?.run('openai_client.py', {
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_API_KEY: apiKey,
      WEFT_MODEL: model,
    })
    if (printed === undefined) return
    expect(JSON.parse(printed)).toEqual({
      whole: 'Hello there.',
      streamed: 'Hello there.',
      tool: ['get_weather', '{"city":"Oslo"}'],
      parsed: 'Oslo',
      response: 'Hello there.',
      events: expect.arrayContaining(['response.created', 'response.output_text.delta', 'response.completed']),
      embedding: [3, 1, 2, 3],
      listed: true,
      missing: 'model_not_found',
    })
    expect(server.refusals).toEqual([])
  },
)
