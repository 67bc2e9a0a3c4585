import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { CallFacts } from '../attempt/call-controls.ts'
import { createTestModels, type TestModels, testScope } from '../testing/test-models.ts'

let test: TestModels
const begun: CallFacts[] = []
const folder = mkdtempSync(join(tmpdir(), 'weft-routed-'))
const registry = join(folder, 'models.yaml')
const entry = (id: string, usd: number) =>
  `  - { id: ${id}, capabilities: [chat, tools], price: { inputUsd: ${usd}, outputUsd: ${usd} }, contextTokens: 100000, outputTokensMax: 4000, firstTokenMs: 300 }\n`

beforeAll(async () => {
  writeFileSync(registry, `models:\n${entry('openai/test-model', 1)}${entry('anthropic/claude-test', 2)}`)
  const ledger = {
    begin(facts: CallFacts) {
      begun.push(facts)
      return { end: () => undefined }
    },
  }
  test = await createTestModels({ WEFT_MODELS_FILE: registry }, { controls: { ledger } })
})
afterAll(async () => {
  await test.stop()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  begun.length = 0
})

const hello = { messages: [{ role: 'user', content: 'Hello' }] }
const ask = (more: object = {}) => test.models.passThrough({ model: 'router/auto', ...hello, ...more })

describe('router/auto', () => {
  it('answers as the model that was chosen, and hands its receipt to the ledger', async () => {
    const answer = await ask()
    expect(begun.map(({ model }) => model.id)).toEqual(['openai/test-model'])
    expect(begun[0]?.receipt).toMatchObject({ chain: ['openai/test-model', 'anthropic/claude-test'], taskClass: 'question' })
    expect(answer.kind === 'body' && JSON.parse(answer.body).model).toBe('openai/test-model')
  })

  it('is answered by the next model when the first one does not begin to', async () => {
    test.openai.script({ kind: 'error', status: 401 })
    const answer = await ask()
    expect(begun.map(({ model }) => model.id)).toEqual(['openai/test-model', 'anthropic/claude-test'])
    expect(answer.kind === 'body' && JSON.parse(answer.body).model).toBe('anthropic/claude-test')
    expect(begun.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(new Set(begun.map(({ firstCallId }) => firstCallId)).size).toBe(1)
  })

  it('has the attempts that every call has: what the client has used itself is taken off, and it is told not to use more', async () => {
    test.openai.script({ kind: 'error', status: 500 })
    const options = { scope: testScope, attemptsMax: 1 }
    await expect(test.models.passThrough({ model: 'router/auto', ...hello }, options)).rejects.toMatchObject({
      upstreamStatus: 500,
    })
    expect(begun).toHaveLength(1)
    test.openai.script({ kind: 'error', status: 500 })
    test.anthropic.script({ kind: 'error', status: 500 })
    await expect(ask()).rejects.toMatchObject({ isRetryable: false, message: expect.stringContaining('all 2 attempts failed') })
  })

  it('refuses what no model can do, and asks none', async () => {
    await expect(ask({ n: 3 })).rejects.toMatchObject({ code: 'invalid_request', param: 'model' })
    expect(begun).toHaveLength(0)
  })
})
