import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type ModelServer, startAnthropicServer, startOpenAiServer } from '@weft/models/testing'
import { z } from 'zod'
import { sharedMesh } from './mesh/shared-mesh.ts'

const run = promisify(execFile)
const said = { kind: 'text' as const, chunks: ['CANARY', '_OK'] }

let openAi: ModelServer
let anthropic: ModelServer
beforeAll(async () => {
  const { openAiPort, anthropicPort } = sharedMesh()
  openAi = await startOpenAiServer({ port: openAiPort, models: ['test-model'], reply: said })
  anthropic = await startAnthropicServer({ port: anthropicPort, models: ['claude-test'], reply: said })
})
afterAll(async () => {
  await openAi.stop()
  await anthropic.stop()
})

const Report = z.looseObject({
  score: z.number(),
  results: z.array(z.looseObject({ id: z.string(), status: z.string() })),
})

/** What the published judge `compatcanary` says of a model of the mesh. */
async function judge(model: string) {
  const { url, apiKey } = sharedMesh()
  const cli = new URL('./cli.js', import.meta.resolve('compatcanary')).pathname
  const args = [cli, 'scan', '--base-url', `${url}/v1`, '--model', model, '--format', 'json', '--fail-on', 'never']
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, OPENAI_API_KEY: apiKey } })
  const { score, results } = Report.parse(JSON.parse(stdout))
  return { score, failed: results.filter(({ status }) => status !== 'pass').map(({ id }) => id) }
}

const call = { id: 'call_1', name: 'compatcanary_echo', arguments: '{"value":"CANARY_OK"}' }

describe.each(['openai/test-model', 'anthropic/claude-test'])('compatcanary, of %s', (model) => {
  it('passes every probe: chat, streams, forced calls, schemas and responses', async () => {
    const server = model.startsWith('openai/') ? openAi : anthropic
    server.script(said, said, { kind: 'tool_calls', calls: [call] }, { kind: 'text', chunks: ['{"status":"ok"}'] })
    expect(await judge(model)).toEqual({ score: 100, failed: [] })
  })

  it('finds fault with a model that always says the same', async () => {
    const { failed } = await judge(model)
    expect(failed).toEqual(['chat.tool_call', 'chat.structured_output'])
  })
})
