import { expect, it } from '@jest/globals'
import { renderReport } from './render-models-report.ts'

const price = { isPriceKnown: true }

it('says of each provider and model what is wrong, and what sets the others up', () => {
  const report = {
    ok: false,
    registry: { file: 'mine.yaml', problem: 'mine.yaml:3: models.0.id: use <provider>/<model>' },
    providers: [
      {
        provider: 'openai',
        isSetUp: true,
        variables: ['OPENAI_API_KEY'],
        baseUrl: 'http://x/v1',
        durationMs: 12,
        models: [
          { id: 'openai/a', isServed: true, ...price, call: { ok: true, durationMs: 30, costUsd: 0 } },
          { id: 'openai/b', isServed: false, isPriceKnown: false },
          { id: 'openai/c', ...price, deprecated: { since: '2026-01-01', replacement: 'openai/a' } },
        ],
      },
      { provider: 'xai', isSetUp: true, variables: [], problem: 'xai refused the API key; check XAI_API_KEY', models: [] },
      { provider: 'vllm', isSetUp: false, variables: ['VLLM_API_KEY', 'VLLM_BASE_URL'], models: [] },
    ],
  }
  expect(renderReport(report)).toEqual({
    ok: false,
    lines: [
      'WRONG  mine.yaml: not in use: mine.yaml:3: models.0.id: use <provider>/<model>',
      'ok     openai at http://x/v1 answers in 12 ms',
      'ok       openai/a: answered in 30 ms',
      'WRONG    openai/b: the provider does not list it; its price is not known: its calls are charged at an assumed price, or refused (WEFT_UNPRICED_MODELS)',
      'ok       openai/c: not known whether it is served; deprecated since 2026-01-01, use openai/a',
      'WRONG  xai: xai refused the API key; check XAI_API_KEY',
      '-      vllm: not set up (VLLM_API_KEY or VLLM_BASE_URL)',
    ],
  })
})
