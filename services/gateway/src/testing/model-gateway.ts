import { createModels, type Models } from '@weft/models'
import { type ModelServer, startAnthropicServer, startOpenAiServer } from '@weft/models/testing'
import OpenAI from 'openai'
import type { PublicDeps } from '../public-app.ts'
import { startGateway, type TestGateway } from './start-gateway.ts'

export interface ModelGateway {
  gateway: TestGateway
  models: Models
  openai: ModelServer
  anthropic: ModelServer
  /** The published client, with a key of every scope. */
  client: OpenAI
  post(path: string, body: object): Promise<Response>
  stop(): Promise<void>
}

/** A gateway before strict local servers of two wires: `openai/test-model` and `anthropic/claude-test`. */
export async function startModelGateway(overrides: Partial<PublicDeps> = {}): Promise<ModelGateway> {
  const openai = await startOpenAiServer()
  const anthropic = await startAnthropicServer()
  const settings = {
    OPENAI_BASE_URL: openai.url,
    OPENAI_API_KEY: 'test-key',
    ANTHROPIC_BASE_URL: anthropic.url,
    ANTHROPIC_API_KEY: 'test-key',
  }
  const models = createModels({ settings, telemetry: { logger: { info: () => undefined } } })
  const gateway = await startGateway({ models, ...overrides })
  const headers = { 'content-type': 'application/json' }
  return {
    gateway,
    models,
    openai,
    anthropic,
    client: gateway.client(await gateway.makeKey()),
    post: (path, body) => gateway.request(path, { method: 'POST', headers, body: JSON.stringify(body) }),
    async stop() {
      await gateway.stop()
      await models.stop()
      await openai.stop()
      await anthropic.stop()
    },
  }
}

/** The API error a promise rejects with; anything else is thrown on. */
export async function apiErrorOf(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof OpenAI.APIError) return thrown
    throw thrown
  }
  throw new TypeError('it did not fail')
}
