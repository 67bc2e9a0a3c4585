import { afterEach, describe, expect, it } from '@jest/globals'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Ledger, openLedger } from '../ledger/open-ledger.ts'
import { memoryCalls } from '../ledger/testing/calls.ts'
import { createTestModels, type TestModels } from '../testing/test-models.ts'
import { createTokenCounter, type TokenCounter } from '../tokens/token-counter.ts'
import type { CallControls } from './call-controls.ts'

let folder: string
let counter: TokenCounter
let ledger: Ledger
let test: TestModels
afterEach(async () => {
  await test.stop()
  await ledger.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function open(more: Partial<CallControls> = {}) {
  folder = mkdtempSync(join(tmpdir(), 'weft-uncounted-'))
  const calls = memoryCalls()
  const logger = { info: () => undefined, warn: () => undefined }
  counter = createTokenCounter({ patienceMs: 60_000 })
  ledger = openLedger({ folder, service: 'gateway', calls, logger, counter })
  test = await createTestModels({}, { controls: { ledger, ...more } })
  return calls
}

async function recorded({ kept }: ReturnType<typeof memoryCalls>): Promise<void> {
  for (let waitedMs = 0; kept.size === 0; waitedMs += 20) {
    if (waitedMs > 60_000) throw new Error('no call was recorded')
    await sleep(20)
  }
}

async function drain(chunks: AsyncGenerator<string>): Promise<void> {
  while (!(await chunks.next()).done);
}

const question = `Wie heißt die Hauptstadt von 日本? ${JSON.stringify({ city: null, country: 'JP' })}`
const words = ['The capital', ' is "東京"\n', ', says {"a":1}.']
const ask = { model: 'openai/test-model', messages: [{ role: 'user' as const, content: question }] }
const reply = { kind: 'text' as const, chunks: words, withoutUsage: true }

describe('a call that its provider did not count', () => {
  it.each([{ stream: true }, {}])(
    'is in the ledger with the tokens that a tokenizer counts, and settled at them: %p',
    async (more) => {
      const settled: number[] = []
      const price = { inputUsd: 1, outputUsd: 1 }
      const calls = await open({
        unpriced: () => price,
        budgets: { reserve: () => ({ settle: (usd) => void settled.push(usd), release: () => undefined }) },
      })
      test.openai.script(reply)
      const answer = await test.models.passThrough({ ...ask, ...more })
      if (answer.kind === 'stream') await drain(answer.chunks)
      await recorded(calls)
      const [call] = calls.kept.values()
      const [inputTokens, outputTokens] = [countTokens(question), countTokens(words.join(''))]
      expect(call).toMatchObject({ inputTokens, outputTokens, measured: false, outcome: 'completed' })
      expect(settled).toEqual([call?.costUsd])
      expect(call?.costUsd).toBeCloseTo((inputTokens + outputTokens) / 1e6, 12)
    },
  )

  it('tells a step the same usage as the ledger', async () => {
    const calls = await open()
    await counter.count(['The vocabulary is read.'])
    test.openai.script(reply)
    const { usage } = await test.models.complete({ model: ask.model, messages: ask.messages })
    await recorded(calls)
    expect([...calls.kept.values()]).toMatchObject([{ inputTokens: usage?.inputTokens, outputTokens: usage?.outputTokens }])
    expect(usage).toMatchObject({ outputTokens: countTokens(words.join('')), measured: false })
  })

  it('keeps neither a step nor the next attempt waiting for a count that takes long', async () => {
    const uncounted = { end: () => new Promise<never>(() => undefined) }
    await open({ ledger: { begin: () => uncounted } })
    test.openai.script(reply, { kind: 'unfinished', chunks: words })
    const { usage } = await test.models.complete({ model: ask.model, messages: ask.messages })
    expect(usage).toMatchObject({ outputTokens: Math.ceil(words.join('').length / 4), measured: false })
    const failed: number[] = []
    const broken = await test.models.passThrough(
      { ...ask, stream: true },
      { onFailedUse: (_, used) => failed.push(used.outputTokens) },
    )
    await expect(broken.kind === 'stream' ? drain(broken.chunks) : undefined).rejects.toThrow()
    expect(failed).toEqual([Math.ceil(words.join('').length / 4)])
  })
})
