import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { AgentEvent, ExecuteRequest, ModelWish } from '@weft/contracts'
import { createModels, type Models } from '../create-models.ts'
import type { ModelServer } from '../testing/model-server.ts'
import { startOpenAiServer } from '../testing/openai-server.ts'
import { attachmentsForStep } from './attachments-for-step.ts'
import { promptForStep } from './prompt-for-step.ts'
import { streamStepText } from './stream-step-text.ts'

const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }
const sound = { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }
const model = (name: string, usd: number, more: string[] = []) => ({
  id: `openai/${name}`,
  capabilities: ['chat', ...more],
  price: { inputUsd: usd, outputUsd: usd },
  contextTokens: 100_000,
  outputTokensMax: 10_000,
  firstTokenMs: 500,
})
let registry: object[]
let server: ModelServer
let models: Models

beforeAll(async () => {
  server = await startOpenAiServer({ models: ['blind', 'seer'] })
})
afterAll(() => server.stop())
beforeEach(() => {
  registry = [model('blind', 0.1), model('seer', 5, ['vision'])]
})

function open(settings: Record<string, string> = {}): void {
  const telemetry = { logger: { info: () => undefined } }
  const overlay = { value: () => ({ models: registry }), onChange: () => undefined }
  models = createModels({
    settings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url, ...settings },
    telemetry,
    overlay,
  })
}

function requestOf(attachments: { type: string }[], wish?: ModelWish): ExecuteRequest {
  const content = [{ type: 'text', text: 'What is this?' }, ...attachments]
  return {
    ...{ sessionId: 'sess_1', turn: 1, stepId: 'answer', attempt: 1, capability: 'answer', params: {}, dependencies: {} },
    input: { messages: [{ role: 'user', content }] },
    deadline: new Date(Date.now() + 60_000).toISOString(),
    ...(wish === undefined ? {} : { model: wish }),
  }
}

/** Which model a step asked, what that was shown beside the text, and what the answer is marked with. */
async function ask(attachments: { type: string }[], { wish, whole }: { wish?: ModelWish; whole?: boolean } = {}) {
  const request = requestOf(attachments, wish)
  const degraded = new Set<string>()
  const seen = await attachmentsForStep(models, { request, degraded })
  const prompt = { request, degraded, question: 'What is this?', sources: [], attachments: seen }
  const messages = whole === true ? request.input.messages : await promptForStep(models, prompt)
  const call = { emit: (_event: AgentEvent) => undefined, signal: AbortSignal.timeout(10_000), tenant: 't', agent: 'rag' }
  for await (const _delta of streamStepText(models, { request, messages, degraded }, call));
  await models.stop()
  const body = server.requests.at(-1)?.body
  const shown = [image, sound].filter(({ type }) => JSON.stringify(body?.messages).includes(`"${type}"`))
  return { asked: body?.model, shown: shown.map(({ type }) => type), degraded: [...degraded] }
}

describe('what comes with a question', () => {
  it('is shown to a model that sees it, where one may be chosen, although the cheapest does not', async () => {
    open()
    expect(await ask([image])).toEqual({ asked: 'seer', shown: ['image_url'], degraded: [] })
    open()
    expect(await ask([])).toEqual({ asked: 'blind', shown: [], degraded: [] })
  })

  it.each([
    ['a capability that no seeing model has', { requires: ['tools'] }],
    ['to pay less than it takes', { maxCostUsd: 0.01 }],
  ])('is left out, and said to be, where the step wishes %s', async (_what, wish) => {
    registry = [model('blind', 0.1, ['tools']), model('seer', 5, ['vision'])]
    for (const whole of [false, true]) {
      open()
      expect(await ask([image], { wish, whole })).toEqual({ asked: 'blind', shown: [], degraded: ['attachments_left_out'] })
    }
  })

  it('is left out as far as no model sees all of it', async () => {
    open()
    expect(await ask([image, sound, { type: 'galaxy' }])).toEqual({
      asked: 'seer',
      shown: ['image_url'],
      degraded: ['attachments_left_out'],
    })
  })

  it('is shown to the model that all steps ask, or this one prefers, as far as that sees it', async () => {
    open({ WEFT_DEFAULT_MODEL: 'openai/blind' })
    expect(await ask([image])).toEqual({ asked: 'blind', shown: [], degraded: ['attachments_left_out'] })
    open()
    const wish = { prefer: 'openai/blind' }
    expect(await ask([image], { wish })).toEqual({ asked: 'blind', shown: [], degraded: ['attachments_left_out'] })
  })
})
