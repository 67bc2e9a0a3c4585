import type { ModelTimeouts } from '../call-guard.ts'
import { createModels, type Models } from '../create-models.ts'
import { startAnthropicServer } from './anthropic-server.ts'
import type { ModelServer } from './model-server.ts'
import { startOpenAiServer } from './openai-server.ts'

export interface TestModels {
  models: Models
  openai: ModelServer
  anthropic: ModelServer
  stop(): Promise<void>
}

/** Models whose providers are strict local servers. */
export async function createTestModels(
  settings: Record<string, string> = {},
  timeouts: Partial<ModelTimeouts> = {},
): Promise<TestModels> {
  const openai = await startOpenAiServer()
  const anthropic = await startAnthropicServer()
  const models = createModels({
    settings: {
      OPENAI_API_KEY: 'test-key',
      OPENAI_BASE_URL: openai.url,
      ANTHROPIC_API_KEY: 'test-key',
      ANTHROPIC_BASE_URL: anthropic.url,
      ...settings,
    },
    telemetry: { logger: { info: () => undefined } },
    timeouts,
  })
  return {
    models,
    openai,
    anthropic,
    async stop() {
      await models.stop()
      await openai.stop()
      await anthropic.stop()
    },
  }
}
