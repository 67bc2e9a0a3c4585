import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ForkSource, type TurnView, WeftError } from '@weft/contracts'
import { type AnswerStore, type CallEnd, type CallFacts, createAnswerCache, type KeptAnswer } from '@weft/models'
import { z } from 'zod'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { answerOf, endItem, eventItem, place, plan, textItem, viewOf } from '../testing/turns.ts'
import { createTurnCache } from './turn-cache.ts'

let gateway: TestGateway
let noted: (CallFacts & CallEnd)[]
let version: string
let turn: Partial<TurnView>
let source: ForkSource
let look: () => Promise<string>
let deleted: string[]
let isByMeaning: boolean

const usage = [{ model: 'acme/m', inputTokens: 20, outputTokens: 5, costUsd: 0.5, measured: true }]
const answer = answerOf('The answer [1].', { usage, costUsd: 0.5 })
const stepOf = (stepId: string, more: object = {}) => ({
  ...{ stepId, agent: 'rag', capability: stepId, dependsOn: [], status: 'succeeded' as const, attempt: 1, costUsd: 0 },
  ...more,
})
const finishedOf = (more: object) => ({ agent: 'rag', output: {}, citations: [], confidence: 1, usage: [], ...more })

beforeEach(async () => {
  noted = []
  version = 'v1'
  isByMeaning = false
  deleted = []
  turn = { status: 'completed', answer, plan, planVersion: 1, steps: [stepOf('retrieve'), stepOf('answer')] }
  source = {
    seed: {
      from: { sessionId: place.sessionId, turn: 1 },
      plan,
      finished: { retrieve: finishedOf({}), answer: finishedOf({ output: { text: answer.text }, usage }) },
      savedUsd: 0.5,
    },
    request: {
      model: 'weft/auto',
      messages: [{ role: 'user', content: 'What?' }],
      modelOptions: {},
      vectorStoreIds: ['vs_1'],
      options: {},
    },
  }
  look = async () => version
  const embed = async () => [1, 0]
  const cache = createAnswerCache({ store: memoryStore(), logger: { warn: () => undefined }, ttlMs: 60_000, embed })
  gateway = await startGateway({
    plans: { requireSound: async () => undefined },
    turnCache: createTurnCache({
      cache,
      stores: { resolve: async (_tenant, ids) => ids ?? ['vs_1'] },
      knowledgeVersion: () => look(),
      sessions: {
        view: async (session) => gateway.session.view(session),
        seed: async () => source,
      },
      log: { isDeleted: async ({ sessionId }) => deleted.includes(sessionId) },
      models: { get: (id) => ({ id, provider: 'acme', capabilities: [], priceKnown: true }) },
      ledger: { begin: (facts) => ({ end: (end) => void noted.push({ ...facts, ...end }) }) },
      logger: { warn: () => undefined },
    }),
  })
  gateway.session.onView = () => viewOf(turn)
  gateway.session.onSubmit = (submitted, reply) =>
    submitted.seed === undefined
      ? reply(eventItem(1, 'plan.ready', { plan }), textItem(0, answer.text), endItem('completed', answer))
      : reply(eventItem(1, 'plan.ready', { plan }), endItem('completed', { ...answer, usage: [], costUsd: 0 }))
})
afterEach(() => gateway.stop())

function memoryStore(): AnswerStore {
  const kept = new Map<string, KeptAnswer>()
  const asked: { key: string; others: string; question: string; vector: number[] }[] = []
  return {
    async find(_tenant, key) {
      const found = kept.get(key)
      return found && { answer: found, leftMs: 60_000 }
    },
    questions: async (_tenant, others) => (isByMeaning ? asked.filter((each) => each.others === others) : []),
    async keep({ key, answer: given, vector = [] }) {
      kept.set(key.exact, given)
      asked.push({ key: key.exact, others: key.others, question: key.question, vector })
    },
    forgetOld: async () => undefined,
  }
}

async function ask(more: object = {}, headers: Record<string, string> = {}) {
  const response = await gateway.request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'weft/auto', temperature: 0, messages: [{ role: 'user', content: 'What?' }], ...more }),
  })
  const text = await response.text()
  // What is kept is read once the answer has been sent.
  for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate)
  return { use: response.headers.get('x-weft-cache'), status: response.status, text }
}

describe('an answer of a workflow', () => {
  it('is given again in a session of its own, costs nothing, and stands in the ledger as cached', async () => {
    expect((await ask()).use).toBe('miss')
    const again = await ask({ user: 'ann' })
    expect([again.use, JSON.parse(again.text)]).toMatchObject([
      'hit',
      { choices: [{ message: { content: answer.text } }], usage: { total_tokens: 0 }, weft: { costUsd: 0, status: 'completed' } },
    ])
    const [first, second] = gateway.session.submitted
    expect([first?.seed, second?.seed]).toEqual([undefined, source.seed])
    expect(second?.sessionId).not.toBe(first?.sessionId)
    expect(noted).toMatchObject([
      {
        outcome: { kind: 'cached' },
        usage: { inputTokens: 20, outputTokens: 5, costUsd: 0 },
        scope: { user: 'ann', agent: 'rag', stepId: 'answer', sessionId: second?.sessionId },
      },
    ])
  })

  it('comes as a stream to who asks for one, and whole to who does not', async () => {
    await ask({ stream: true })
    const again = await ask({ stream: true })
    expect(again.use).toBe('hit')
    expect(again.text).toContain(JSON.stringify(answer.text))
    expect(again.text).toMatch(/data: \[DONE\]\n\n$/)
    expect((await ask()).use).toBe('hit')
  })

  it('is given on the wire of responses too, but not to what goes on with one', async () => {
    const respond = async (more: object = {}) => {
      const asked = { model: 'weft/auto', temperature: 0, input: 'What?', ...more }
      const response = await gateway.request('/v1/responses', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(asked),
      })
      const { id } = z.looseObject({ id: z.string() }).parse(await response.json())
      return { id, use: response.headers.get('x-weft-cache') }
    }
    await ask()
    const again = await respond()
    expect(again.use).toBe('hit')
    expect((await respond({ previous_response_id: again.id })).use).toBe('bypass')
  })

  it('is another one once the knowledge is, and to every other question', async () => {
    await ask()
    version = 'v2'
    expect((await ask()).use).toBe('miss')
    version = 'v1'
    const others = [
      { messages: [{ role: 'user', content: 'Why?' }] },
      {
        messages: [
          { role: 'system', content: 'In French.' },
          { role: 'user', content: 'What?' },
        ],
      },
      { model: 'weft/search' },
      { max_tokens: 10 },
      { weft: { vectorStoreIds: ['vs_2'] } },
      { weft: { unverified: 'drop' } },
    ]
    for (const other of others) expect([other, (await ask(other)).use]).toEqual([other, 'miss'])
    expect((await ask()).use).toBe('hit')
  })

  it.each<[string, object, Record<string, string>]>([
    ['differs by chance', { temperature: 1 }, {}],
    ['wants none', { weft: { cache: false } }, {}],
    ['refuses to be kept', {}, { 'cache-control': 'no-store' }],
    ['goes on with a session', {}, { 'x-session-id': 'sess_abcdefghijklmnop' }],
    ['brings its own plan', { weft: { plan } }, {}],
  ])('is neither looked for nor kept where a request %s', async (_, more, headers) => {
    await ask()
    const before = gateway.session.submitted.length
    expect((await ask(more, headers)).use).toBe('bypass')
    expect(gateway.session.submitted.slice(before).map(({ seed }) => seed)).not.toContainEqual(source.seed)
  })

  it('is given for the asking, however much answers differ by chance', async () => {
    const wish = { temperature: 1, weft: { cache: true } }
    expect([(await ask(wish)).use, (await ask(wish)).use]).toEqual(['miss', 'hit'])
  })

  it('is not kept unless it is whole, by a plan of Weft’s own that only reads and that nobody was asked about', async () => {
    const approvals = [{ id: 'appr_1' }] as never
    const unfit: Partial<TurnView>[] = [
      { status: 'failed' },
      { answer: { ...answer, degraded: ['no_evidence'] } },
      { approvals },
      { planVersion: 2 },
      { steps: [stepOf('retrieve'), stepOf('answer', { agent: 'mailer' })] },
      { steps: [stepOf('retrieve', { status: 'skipped' }), stepOf('answer')] },
      { forkedFrom: { sessionId: 'sess_0', turn: 1, savedUsd: 0, stepsReused: 2 } },
    ]
    const fit = turn
    for (const more of unfit) {
      turn = { ...fit, ...more }
      expect([more, (await ask()).use]).toEqual([more, 'miss'])
    }
    turn = fit
    expect([(await ask()).use, (await ask()).use]).toEqual(['miss', 'hit'])
  })

  it('is not kept when documents changed while it was written', async () => {
    const versions = ['v1', 'v2', 'v1']
    look = async () => versions.shift() ?? 'v1'
    expect([(await ask()).use, (await ask()).use]).toEqual(['miss', 'miss'])
  })

  it('is given to a question that means the same, where the cache looks for that', async () => {
    isByMeaning = true
    await ask({ messages: [{ role: 'user', content: 'When was the tower built?' }] })
    expect((await ask({ messages: [{ role: 'user', content: 'Please tell me when the tower was built?' }] })).use).toBe('miss')
    const again = await ask({ messages: [{ role: 'user', content: 'Please, when was the tower built?' }] })
    expect([again.use, gateway.session.submitted.at(-1)?.seed]).toEqual(['hit', source.seed])
  })

  it('is not looked at by a request that is sent again: its turn is there', async () => {
    await ask()
    const submit = gateway.session.submit
    gateway.session.submit = async (...args) => ({ ...(await submit(...args)), isRepeat: true })
    expect((await ask({}, { 'idempotency-key': 'once' })).use).toBe('bypass')
    expect(noted).toEqual([])
  })

  it('is given no more once the session that it was written in is deleted', async () => {
    await ask()
    deleted = [place.sessionId]
    expect((await ask()).use).toBe('miss')
    source = { ...source, seed: { ...source.seed, from: { sessionId: 'sess_later', turn: 1 } } }
    expect([(await ask()).use, (await ask()).use]).toEqual(['miss', 'hit'])
  })

  it('is worked on when the cache cannot be asked', async () => {
    look = () => Promise.reject(new WeftError('dependency_unavailable', 'away'))
    expect([await ask(), gateway.session.submitted.length]).toMatchObject([{ use: 'bypass', status: 200 }, 1])
  })
})
