import type { CallControls } from '../attempt/call-controls.ts'
import type { ModelTimeouts } from '../attempt/call-guard.ts'
import type { CallOptions } from '../attempt/call-options.ts'
import type { CallScope } from '../attempt/call-scope.ts'
import { createModels, type Models } from '../create-models.ts'
import { startAnthropicServer } from './anthropic-server.ts'
import type { ModelServer } from './model-server.ts'
import { startOpenAiServer } from './openai-server.ts'

type Optional<Call> = Call extends (request: infer Asked, options: CallOptions) => infer Answer
  ? (request: Asked, options?: Partial<CallOptions>) => Answer
  : never

export interface TestModels {
  /** Calls without a scope are made on {@link testScope}'s account. */
  models: Omit<Models, 'stream' | 'complete' | 'passThrough'> & {
    [Name in 'stream' | 'complete' | 'passThrough']: Optional<Models[Name]>
  }
  openai: ModelServer
  anthropic: ModelServer
  stop(): Promise<void>
}

export const testScope: CallScope = { tenant: 'tenant', agent: 'gateway' }

/** Models whose providers are strict local servers. */
export async function createTestModels(
  settings: Record<string, string> = {},
  { controls, ...timeouts }: Partial<ModelTimeouts> & { controls?: CallControls } = {},
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
    controls,
  })
  return {
    models: {
      ...models,
      stream: (request, options) => models.stream(request, { scope: testScope, ...options }),
      complete: (request, options) => models.complete(request, { scope: testScope, ...options }),
      passThrough: (body, options) => models.passThrough(body, { scope: testScope, ...options }),
    },
    openai,
    anthropic,
    async stop() {
      await models.stop()
      await openai.stop()
      await anthropic.stop()
    },
  }
}
