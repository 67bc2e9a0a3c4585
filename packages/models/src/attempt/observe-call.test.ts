import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startTelemetry, type Telemetry } from '@weft/telemetry'
import { failureOf } from '../testing/collect-events.ts'
import { createTestModels, type TestModels } from '../testing/test-models.ts'

let telemetry: Telemetry
let test: TestModels
beforeAll(async () => {
  telemetry = await startTelemetry({ serviceName: 'models-test', serviceVersion: '0', instanceId: '0', logLevel: 'error' })
  test = await createTestModels()
})
afterAll(async () => {
  await test.stop()
  await telemetry.stop()
})

const lines = async (pattern: RegExp) => (await telemetry.metricsText()).split('\n').filter((line) => pattern.test(line))

it('counts tokens, cost and duration of every call, streamed or passed through, and of failed ones by their code', async () => {
  const ask = { model: 'openai/test-model', messages: [{ role: 'user' as const, content: 'Hi' }] }
  await test.models.complete(ask)
  await test.models.passThrough(ask)
  test.openai.script({ kind: 'error', status: 429 })
  await failureOf(test.models.complete(ask))
  const input = await lines(/^gen_ai_client_token_usage_sum.*gen_ai_token_type="input"/)
  expect(input.filter((line) => line.includes('measured="true"'))).toEqual([expect.stringMatching(/ 22$/)])
  // A refused call has used nothing.
  expect(input.filter((line) => line.includes('measured="false"'))).toEqual([expect.stringMatching(/ 0$/)])
  const durations = await lines(/^gen_ai_client_operation_duration\w*_count/)
  expect(durations.filter((line) => line.includes('rate_limit_exceeded'))).toHaveLength(1)
  expect(durations.filter((line) => line.endsWith(' 2'))).toHaveLength(1)
})
