import { describe, expect, it } from '@jest/globals'
import type { CallEnd, CallFacts } from '../attempt/call-controls.ts'
import type { PassThroughAnswer } from '../pass-through.ts'
import { testScope } from '../testing/test-models.ts'
import { type AnswerStore, createAnswerCache, type KeptAnswer } from './answer-cache.ts'
import { type CacheUse, passCached } from './pass-cached.ts'

const usage = { inputTokens: 7, outputTokens: 2, costUsd: 0.5, measured: true, priceKnown: true }
const model = { id: 'acme/m', provider: 'acme', capabilities: ['chat', 'sampling'], priceKnown: true }
const body = (more: object = {}) => ({ model: 'acme/m', messages: [{ role: 'user', content: 'Hello' }], temperature: 0, ...more })
const said = (finish_reason: string, message: object = { content: 'Hi' }) =>
  JSON.stringify({ choices: [{ index: 0, message, finish_reason }] })
const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`

function bench() {
  const kept = new Map<string, KeptAnswer>()
  const store: AnswerStore = {
    async find(_tenant, key) {
      const answer = kept.get(key)
      return answer && { answer, leftMs: 60_000 }
    },
    questions: async () => [],
    keep: async ({ key, answer }) => void kept.set(key.exact, answer),
    forgetOld: async () => undefined,
  }
  const cache = createAnswerCache({ store, logger: { warn: () => undefined }, ttlMs: 60_000 })
  const ended: (CallEnd & CallFacts)[] = []
  const ledger = { begin: (facts: CallFacts) => ({ end: (end: CallEnd) => void ended.push({ ...facts, ...end }) }) }
  let calls = 0
  const ask = async (
    request: object,
    reply: string | string[],
    more: { tenant?: string; wish?: boolean; until?: Promise<unknown>; signal?: AbortSignal } = {},
  ) => {
    const uses: CacheUse[] = []
    const answer = await passCached(body(request), {
      ...{ cache, model, ledger, wish: more.wish, signal: more.signal, onUse: (use: CacheUse) => uses.push(use) },
      scope: { ...testScope, tenant: more.tenant ?? 'tenant' },
      pass: async (): Promise<PassThroughAnswer> => {
        calls += 1
        await more.until
        return typeof reply === 'string'
          ? { kind: 'body', body: reply, usage }
          : { kind: 'stream', chunks: pieces(reply), usage: () => usage }
      },
    })
    const got = answer.kind === 'body' ? answer.body : await collect(answer.chunks)
    return { use: uses.join(), got }
  }
  return { ask, ended, calls: () => calls }
}

async function collect(chunks: AsyncIterable<string>): Promise<string[]> {
  const collected: string[] = []
  for await (const each of chunks) collected.push(each)
  return collected
}

async function* pieces(reply: string[]): AsyncGenerator<string> {
  yield* reply
}

describe('an answer from the cache', () => {
  it('is the same to the letter, costs nothing, and stands in the ledger as cached', async () => {
    const { ask, ended, calls } = bench()
    const first = await ask({}, said('stop'))
    const second = await ask({ user: 'somebody else' }, said('stop', { content: 'never asked' }))
    expect([first.use, second.use, calls()]).toEqual(['miss', 'hit', 1])
    expect(second.got).toBe(first.got)
    expect(ended).toMatchObject([
      { outcome: { kind: 'cached' }, usage: { inputTokens: 7, outputTokens: 2, costUsd: 0 }, scope: testScope },
    ])
  })

  it('comes in the pieces of the stream that it was', async () => {
    const { ask } = bench()
    const stream = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hi ' }) + chunk({ content: 'there' }),
      chunk({}, 'stop'),
      'data: [DONE]\n\n',
    ]
    await ask({ stream: true }, stream)
    expect(await ask({ stream: true }, ['never asked'])).toEqual({ use: 'hit', got: stream })
    expect((await ask({}, said('stop'))).use).toBe('miss')
  })

  it.each<[string, object]>([
    [
      'another system prompt',
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hello' },
        ],
      },
    ],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['a schema', { response_format: { type: 'json_object' } }],
    ['sampling', { temperature: 0, top_p: 0.5 }],
    ['a field that Weft does not know', { reasoning: 'deep' }],
  ])('is not that of a request with %s', async (_, more) => {
    const { ask } = bench()
    await ask({}, said('stop'))
    const other = await ask(more, said('stop', { content: 'Other' }))
    expect(other.use).toBe('miss')
  })

  it('is not that of another tenant', async () => {
    const { ask } = bench()
    await ask({}, said('stop'))
    expect((await ask({}, said('stop'), { tenant: 'other' })).use).toBe('miss')
  })

  it.each<[string, string | string[], object]>([
    ['cut at its limit', said('length'), {}],
    ['filtered', said('content_filter'), {}],
    ['calls of tools', said('tool_calls', { content: null, tool_calls: [{ id: 'a' }] }), {}],
    ['that of a model that answered in its place', '{"model":"acme/other","choices":[{"finish_reason":"stop"}]}', {}],
    ['an error in place of an answer', '{"error":{"message":"no"}}', {}],
    ['cut off in the middle', [chunk({ content: 'Hi' })], { stream: true }],
    ['calls of tools in a stream', [chunk({ tool_calls: [{ index: 0 }] }), chunk({}, 'stop')], { stream: true }],
  ])('is never one that was %s', async (_, reply, more) => {
    const { ask, calls } = bench()
    await ask(more, reply)
    expect([(await ask(more, reply)).use, calls()]).toEqual(['miss', 2])
  })

  it('is asked for once by all who ask the same meanwhile', async () => {
    const { ask, ended, calls } = bench()
    const until = Promise.withResolvers<void>()
    const asked = Array.from({ length: 5 }, () => ask({}, said('stop'), { until: until.promise }))
    const other = ask({ seed: 2 }, said('stop'), { until: until.promise })
    await new Promise((resolve) => setImmediate(resolve))
    expect(calls()).toBe(2)
    until.resolve()
    const answers = await Promise.all(asked)
    expect(answers.map(({ use }) => use)).toEqual(['miss', 'hit', 'hit', 'hit', 'hit'])
    for (const { got } of answers) expect(got).toEqual(answers[0]?.got)
    await other
    expect([calls(), ended.length]).toEqual([2, 4])
  })

  it('is asked for by each who reads it as a stream, so that nobody waits for the end of another', async () => {
    const { ask, calls } = bench()
    const never = Promise.withResolvers<void>()
    const reply = [chunk({ content: 'Hi' }), chunk({}, 'stop'), 'data: [DONE]\n\n']
    void ask({ stream: true }, reply, { until: never.promise })
    expect([(await ask({ stream: true }, reply)).use, calls()]).toEqual(['miss', 2])
  })

  it('is asked for by each of them when the first one gets none, or one that is not to be given again, or leaves', async () => {
    const { ask, calls } = bench()
    const failing = ask({}, said('stop'), { until: Promise.reject(new Error('no answer')) })
    const waiting = ask({}, said('stop'))
    await expect(failing).rejects.toThrow('no answer')
    expect([(await waiting).use, calls()]).toEqual(['miss', 2])
    const cut = { temperature: 0, seed: 3 }
    expect((await Promise.all([1, 2, 3].map(() => ask(cut, said('length'))))).map(({ use }) => use)).toEqual([
      'miss',
      'miss',
      'miss',
    ])
    const never = Promise.withResolvers<void>()
    void ask({ seed: 4 }, said('stop'), { until: never.promise })
    const left = AbortSignal.abort()
    expect((await ask({ seed: 4 }, said('stop'), { signal: left })).use).toBe('miss')
  })

  it('is given only where answers do not differ by chance, or the request says so', async () => {
    const { ask } = bench()
    const uses = async (more: object, wish?: boolean) => (await ask(more, said('stop'), wish === undefined ? {} : { wish })).use
    expect(await uses({ temperature: 0.7 })).toBe('bypass')
    expect(await uses({ temperature: undefined, seed: 4 })).toBe('miss')
    expect(await uses({ temperature: 0, n: 2 })).toBe('bypass')
    expect(await uses({ temperature: 0.7 }, true)).toBe('miss')
    expect(await uses({}, false)).toBe('bypass')
  })
})
