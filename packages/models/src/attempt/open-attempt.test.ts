import { afterEach, describe, expect, it } from '@jest/globals'
import { ModelError } from '../model-error.ts'
import { failureOf } from '../testing/collect-events.ts'
import { createTestModels, type TestModels } from '../testing/test-models.ts'
import type { CallControls, CallFacts } from './call-controls.ts'

let test: TestModels | undefined
afterEach(() => test?.stop())

const ask = { model: 'openai/test-model', messages: [{ role: 'user' as const, content: 'Hi there' }], max_tokens: 7, n: 2 }
const scope = { tenant: 'acme', keyId: 'key_1', user: 'ann', agent: 'gateway' }

/** Controls that write down what they are asked, one of which may refuse. */
function notingControls(refusing?: keyof CallControls) {
  const notes: string[] = []
  const calls: CallFacts[] = []
  const note = (control: keyof CallControls) => {
    notes.push(control)
    if (control === refusing) throw new ModelError('budget_exceeded', `${control} says no`)
  }
  const controls: CallControls = {
    budgets: {
      async reserve(facts) {
        calls.push(facts)
        note('budgets')
        return { settle: () => notes.push('settled'), release: () => notes.push('released') }
      },
    },
    breakers: {
      admit() {
        note('breakers')
        return {
          succeeded: () => notes.push('succeeded'),
          failed: (code) => notes.push(code),
          abandoned: () => notes.push('abandoned'),
        }
      },
    },
    ledger: {
      begin() {
        note('ledger')
        return { end: ({ outcome, usage }) => void notes.push(`${outcome.kind} ${usage.inputTokens}+${usage.outputTokens}`) }
      },
    },
  }
  return { controls, notes, calls }
}

describe('what every call passes', () => {
  it('reserves, is admitted, is recorded, and tells each of them how it ended, once', async () => {
    const { controls, notes, calls } = notingControls()
    test = await createTestModels({}, { controls })
    await test.models.passThrough(ask, { scope })
    expect(notes).toEqual(['budgets', 'breakers', 'ledger', 'completed 11+7', 'succeeded', 'settled'])
    expect(calls).toMatchObject([
      { kind: 'chat', scope, attempt: 1, isStreamed: false, inputTokens: 2, outputTokensMax: 7, answers: 2 },
    ])
    expect(calls[0]?.firstCallId).toBe(calls[0]?.callId)
    expect(calls[0]?.inputBytes).toBe(JSON.stringify({ ...ask, model: 'test-model' }).length)
  })

  it('holds for a translated call as for a relayed one', async () => {
    const { controls, notes, calls } = notingControls()
    test = await createTestModels({}, { controls })
    await test.models.complete({ model: 'anthropic/claude-test', messages: ask.messages, maxOutputTokens: 9 }, { scope })
    expect(notes.slice(0, 3)).toEqual(['budgets', 'breakers', 'ledger'])
    expect(notes.slice(4)).toEqual(['succeeded', 'settled'])
    expect(calls).toMatchObject([{ scope, outputTokensMax: 9, answers: 1, isStreamed: true }])
  })

  it('gives back what was taken when a later one refuses, and asks no provider', async () => {
    const { controls, notes } = notingControls('ledger')
    test = await createTestModels({}, { controls })
    expect(await failureOf(test.models.passThrough(ask, { scope }))).toMatchObject({ message: 'ledger says no' })
    expect(notes).toEqual(['budgets', 'breakers', 'ledger', 'abandoned', 'released'])
    expect(test.openai.requests).toHaveLength(0)
  })

  it('costs nothing when whoever asked left before the call was made', async () => {
    const { controls, notes } = notingControls()
    test = await createTestModels({}, { controls })
    const left = AbortSignal.abort()
    expect(await failureOf(test.models.passThrough(ask, { scope, signal: left }))).toMatchObject({ code: 'cancelled' })
    expect(notes).toEqual(['budgets', 'breakers', 'abandoned', 'released'])
    expect(test.openai.requests).toHaveLength(0)
  })

  it('tells a failure by its code, and of a reader that left nothing that blames the model', async () => {
    const { controls, notes } = notingControls()
    test = await createTestModels({}, { controls })
    test.openai.script({ kind: 'error', status: 500 })
    await failureOf(test.models.passThrough(ask, { scope }))
    expect(notes.splice(0).slice(3)).toEqual(['failed 0+0', 'upstream_error', 'settled'])
    test.openai.script({ kind: 'stall', chunks: ['Half an answer'] })
    const answer = await test.models.passThrough({ ...ask, stream: true }, { scope })
    if (answer.kind !== 'stream') throw new TypeError('not a stream')
    await answer.chunks.next()
    await answer.chunks.return(undefined)
    expect(notes.slice(3)).toEqual([expect.stringMatching(/^cancelled 2\+4$/), 'abandoned', 'settled'])
  })
})
