import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { CallControls, CallFacts } from '../attempt/call-controls.ts'
import type { PassThroughAnswer } from '../pass-through.ts'
import { failureOf } from '../testing/collect-events.ts'
import type { Reply } from '../testing/model-server.ts'
import { createTestModels, type TestModels } from '../testing/test-models.ts'

let test: TestModels
let begun: CallFacts[]
/** The SDKs are loaded at their first call, which takes longer than these tests let a model be silent. */
beforeAll(async () => {
  const patient = await createTestModels()
  for (const model of [wished, other]) await patient.models.passThrough(ask({ model }))
  await patient.stop()
})
beforeEach(async () => {
  begun = []
  const ledger = {
    begin(facts: CallFacts) {
      begun.push(facts)
      return { end: () => undefined }
    },
  }
  test = await createTestModels({}, { controls: { ledger }, firstTokenMs: 500, betweenTokensMs: 200, wholeAnswerMs: 500 })
})
afterEach(() => test.stop())

const wished = 'openai/test-model'
const other = 'anthropic/claude-test'
const ask = (more: object = {}) => ({ model: wished, messages: [{ role: 'user' as const, content: 'Hello' }], ...more })
const fallbacks = [other]

async function textOf(answer: PassThroughAnswer): Promise<string> {
  if (answer.kind === 'body') return answer.body
  let text = ''
  for await (const piece of answer.chunks) text += piece
  return text
}

const failing: Reply[] = [
  { kind: 'error', status: 500 },
  { kind: 'error', status: 429, headers: { 'retry-after': '30' } },
  { kind: 'error', status: 503 },
  { kind: 'error', status: 401 },
  { kind: 'stall', chunks: [] },
  { kind: 'cut', chunks: [] },
]

describe.each([true, false])('a request with fallbacks, streamed: %s', (stream) => {
  it.each(failing)('is answered by the next model after %j', async (reply) => {
    test.openai.script(reply)
    const text = await textOf(await test.models.passThrough(ask({ stream }), { fallbacks }))
    expect(text).toContain(`"model":"${other}"`)
    expect(test.openai.requests).toHaveLength(1)
  })

  it('is not sent to another model when it is itself what is wrong', async () => {
    test.openai.script({ kind: 'error', status: 400, message: 'no such option' })
    expect(await failureOf(test.models.passThrough(ask({ stream }), { fallbacks }))).toMatchObject({ code: 'invalid_request' })
    expect(test.anthropic.requests).toHaveLength(0)
  })

  it('says what all models said, and that repeating does not help, when none answers', async () => {
    test.openai.script({ kind: 'error', status: 500, message: 'first' })
    test.anthropic.script({ kind: 'error', status: 529, message: 'second' })
    const failure = await failureOf(test.models.passThrough(ask({ stream }), { fallbacks }))
    expect(failure).toMatchObject({ isRetryable: false, message: expect.stringMatching(/first.*second/) })
  })

  it('makes no more calls than are left of its attempts', async () => {
    test.openai.script({ kind: 'error', status: 500 })
    expect(await failureOf(test.models.passThrough(ask({ stream }), { fallbacks, attemptsMax: 1 }))).toMatchObject({
      code: 'upstream_error',
      isRetryable: true,
    })
    expect(test.anthropic.requests).toHaveLength(0)
  })

  it('is kept together in the ledger, attempt by attempt', async () => {
    test.openai.script({ kind: 'error', status: 500 })
    await textOf(await test.models.passThrough(ask({ stream }), { fallbacks }))
    expect(begun).toMatchObject([
      { attempt: 1, model: { id: wished } },
      { attempt: 2, model: { id: other } },
    ])
    expect(begun[0]?.callId).toBe(begun[0]?.firstCallId)
    expect(begun[1]?.firstCallId).toBe(begun[0]?.callId)
    expect(begun[1]?.callId).not.toBe(begun[0]?.callId)
  })

  it('leaves out models that are not known to do what it asks', async () => {
    test.openai.script({ kind: 'error', status: 500 })
    expect(await failureOf(test.models.passThrough(ask({ stream, seed: 7 }), { fallbacks }))).toMatchObject({ isRetryable: true })
    expect(test.anthropic.requests).toHaveLength(0)
  })

  it('names a fallback that is not available', async () => {
    expect(await failureOf(test.models.passThrough(ask({ stream }), { fallbacks: ['nobody/none'] }))).toMatchObject({
      code: 'model_not_found',
      param: 'weft.fallbacks',
    })
  })
})

it('is marked by what a budget did to the attempt that answers, and not by what it did to those that failed', async () => {
  const shorter = (id: string) => (id === wished ? { outputTokensMax: 9 } : {})
  const budgets: CallControls['budgets'] = {
    reserve: ({ model: { id } }) => ({ ...shorter(id), settle: () => undefined, release: () => undefined }),
  }
  const poor = await createTestModels({}, { controls: { budgets } })
  const marksOf = async (reply: Reply, stream: boolean) => {
    const degraded = new Set<string>()
    poor.openai.script(reply)
    if (stream) await poor.models.complete(ask(), { fallbacks, degraded })
    else await poor.models.passThrough(ask(), { fallbacks, degraded })
    return [...degraded]
  }
  for (const stream of [true, false]) {
    expect(await marksOf({ kind: 'error', status: 500 }, stream)).toEqual([])
    expect(await marksOf({ kind: 'text', chunks: ['Short.'] }, stream)).toEqual(['answer_shortened'])
  }
  await poor.stop()
})

describe('an answer that has begun', () => {
  it.each<Reply>([
    { kind: 'cut', chunks: ['Half'] },
    { kind: 'stall', chunks: ['Half'] },
    { kind: 'unfinished', chunks: ['Half'] },
    { kind: 'stream_error', chunks: ['Half'], type: 'server_error', message: 'overloaded' },
  ])('is never begun again by another model: %j', async (reply) => {
    test.openai.script(reply)
    const answer = await test.models.passThrough(ask({ stream: true }), { fallbacks })
    expect(await failureOf(textOf(answer))).toMatchObject({ code: reply.kind === 'stall' ? 'timeout' : 'upstream_error' })
    expect(test.anthropic.requests).toHaveLength(0)
    test.openai.script(reply)
    const pieces: string[] = []
    const read = async () => {
      for await (const event of test.models.stream(ask(), { fallbacks })) if (event.type === 'text') pieces.push(event.delta)
    }
    expect(await failureOf(read())).toMatchObject({ code: reply.kind === 'stall' ? 'timeout' : 'upstream_error' })
    expect(pieces.join('')).toBe('Half')
    expect(test.anthropic.requests).toHaveLength(0)
  })
})

describe('a call the mesh makes itself', () => {
  it('falls back in the same way', async () => {
    test.openai.script({ kind: 'stream_error', chunks: [], type: 'server_error', message: 'overloaded' })
    const asked: string[] = []
    const answer = await test.models.complete(ask(), { fallbacks, onModel: (model) => asked.push(model) })
    expect(asked).toEqual([wished, other])
    expect(answer.text).not.toBe('')
    expect(test.anthropic.requests).toHaveLength(1)
  })

  it('tries its only model again after a wait, three times in all', async () => {
    test.openai.script({ kind: 'error', status: 500 }, { kind: 'error', status: 429, headers: { 'retry-after-ms': '20' } })
    expect((await test.models.complete(ask(), { repeats: true })).text).toContain('Hello')
    test.openai.script(...Array.from({ length: 3 }, (): Reply => ({ kind: 'error', status: 500 })))
    expect(await failureOf(test.models.complete(ask(), { repeats: true }))).toMatchObject({ isRetryable: true })
    expect(test.openai.requests).toHaveLength(6)
  })

  it('is given up while it waits when its caller leaves', async () => {
    test.openai.script({ kind: 'error', status: 429, headers: { 'retry-after': '5' } })
    const caller = new AbortController()
    const failure = failureOf(test.models.complete(ask(), { repeats: true, signal: caller.signal }))
    setTimeout(() => caller.abort(), 50)
    expect(await failure).toMatchObject({ code: 'cancelled' })
  })
})
