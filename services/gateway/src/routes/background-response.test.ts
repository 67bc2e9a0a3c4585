import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { SessionEvent } from '@weft/contracts'
import { approvalOf } from '../testing/approvals.ts'
import { emptyLog } from '../testing/start-gateway.ts'
import { apiErrorOf, type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'
import { answerOf, place, plan, viewOf } from '../testing/turns.ts'

const answer = answerOf('The answer.')
const at = '2026-01-01T00:00:00Z'
const event = (seq: number, type: SessionEvent['type'], more: object): SessionEvent => ({ seq, at, type, ...place, ...more })
const logged = [event(1, 'turn.accepted', { model: 'weft/auto', isBackground: true }), event(2, 'turn.completed', { answer })]
const log = { ...emptyLog, eventsAfter: async (_session: unknown, after: number) => logged.filter(({ seq }) => seq > after) }

let test: ModelGateway
beforeEach(async () => {
  test = await startModelGateway({ log })
})
afterEach(() => test.stop())

const id = `resp_${place.sessionId}.1`
const wish = { model: 'weft/auto', input: 'What?', instructions: 'Briefly.', background: true }

describe('a response that is worked on in the background', () => {
  it('is the same when it is asked for, and cancelled, long after it ended', async () => {
    test.gateway.session.onView = () => viewOf({}, { turns: [] })
    const whole = { id, status: 'completed', background: true, output: [{ content: [{ text: 'The answer.' }] }] }
    expect(await test.client.responses.retrieve(id)).toMatchObject(whole)
    expect(await test.client.responses.cancel(id)).toMatchObject(whole)
  })

  it('has what its client wrote on it when it is asked for, and followed, later', async () => {
    const metadata = { ticket: '7' }
    const { session } = test.gateway
    expect((await test.client.responses.create({ ...wish, metadata })).metadata).toEqual(metadata)
    expect(session.submitted[0]?.metadata).toEqual(metadata)
    session.onView = () => viewOf({ status: 'completed', plan, answer, isBackground: true, metadata })
    expect((await test.client.responses.retrieve(id)).metadata).toEqual(metadata)
    for await (const told of await test.client.responses.retrieve(id, { stream: true }))
      if ('response' in told) expect(told.response.metadata).toEqual(metadata)
  })

  it('is told of as far as it is when its request is sent again', async () => {
    const { session } = test.gateway
    session.submit = async ({ sessionId }) => ({ sessionId, turn: 1, isRepeat: true })
    session.onView = () => viewOf({ status: 'completed', plan, answer, isBackground: true })
    const again = await test.client.responses.create(wish, { headers: { 'idempotency-key': 'once' } })
    expect(again).toMatchObject({ id, status: 'completed', created_at: Date.parse(at) / 1_000, instructions: 'Briefly.' })
    session.onView = () => viewOf({}, { turns: [] })
    expect(await test.client.responses.create(wish)).toMatchObject({ status: 'queued', background: true })
  })

  it('that waits for a decision, or asks for it by a tool call, does so when it is asked for later', async () => {
    const approval = approvalOf({ id: 'appr_1' })
    const paused = { status: 'awaiting_approval' as const, plan, isBackground: true, approvals: [approval] }
    test.gateway.session.onView = () => viewOf({ ...paused, onPause: 'wait' })
    expect(await test.client.responses.retrieve(id)).toMatchObject({ status: 'in_progress', output: [] })
    test.gateway.session.onView = () => viewOf({ ...paused, onPause: 'tool_call' })
    const asking = await test.client.responses.retrieve(id)
    expect(asking.output).toMatchObject([{ type: 'function_call', name: 'weft_approval', call_id: 'appr_1' }])
  })

  it('is looked up once when it is cancelled', async () => {
    let looks = 0
    test.gateway.session.onView = () => {
      looks += 1
      return viewOf({ status: 'cancelled', isBackground: true })
    }
    expect(await test.client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled', background: true })
    expect(looks).toBe(1)
  })

  it('that goes on by a tool’s answer follows the turn before it, not itself', async () => {
    const { session } = test.gateway
    for (const [turn, previous] of [
      [1, null],
      [2, id],
    ] as const) {
      const approval = approvalOf({ turn })
      session.onView = () => viewOf({ turn, status: 'awaiting_approval', plan, approvals: [approval], onPause: 'tool_call' })
      session.onDecide = () => {
        session.onView = () =>
          viewOf({ turn, status: 'completed', plan, answer, approvals: [{ ...approval, status: 'approved' }] })
        return { approval: { ...approval, status: 'approved' }, isRepeat: false }
      }
      const asked = `resp_${place.sessionId}.${turn}`
      const input = [{ type: 'function_call_output' as const, call_id: approval.id, output: 'approve' }]
      const decided = await test.client.responses.create({ model: 'weft/auto', input, previous_response_id: asked })
      expect(decided).toMatchObject({ id: asked, previous_response_id: previous, output_text: 'The answer.' })
      expect(decided.created_at).toBe(Date.parse(at) / 1_000)
      expect(await test.client.responses.retrieve(asked)).toMatchObject({ previous_response_id: previous })
    }
  })

  it('that is not there cannot be cancelled, nor can a model’s', async () => {
    for (const missing of [id, 'resp_nothing'])
      expect(await apiErrorOf(test.client.responses.cancel(missing))).toMatchObject({ status: 404, param: 'response_id' })
    const ofModel = await test.client.responses.create({ model: 'openai/test-model', input: 'What?' })
    expect(await apiErrorOf(test.client.responses.cancel(ofModel.id))).toMatchObject({ status: 400, param: 'response_id' })
  })
})

describe('a tool file_search', () => {
  const ids = (count: number, prefix = 'vs') => Array.from({ length: count }, (_, index) => `${prefix}_${index}`)
  const search = (stores: string[]) => ({ type: 'file_search' as const, vector_store_ids: stores })
  const asked = (tools: object[], vectorStoreIds?: string[]) =>
    test.post('/v1/responses', { ...wish, tools, ...(vectorStoreIds === undefined ? {} : { weft: { vectorStoreIds } }) })

  it('names stores together with others and with the request, each once', async () => {
    expect((await asked([search(ids(60)), search(ids(60))], ids(60))).status).toBe(200)
    expect(test.gateway.session.submitted[0]?.vectorStoreIds).toEqual(ids(60))
  })

  it.each([
    ['too many stores', [search(ids(101))], 'tools.0.vector_store_ids'],
    ['too many stores with another', [search(ids(60)), search(ids(60, 'other'))], 'tools'],
    ['a long name', [search(['x'.repeat(65)])], 'tools.0.vector_store_ids.0'],
    ['no store', [search(['vs_1']), { type: 'file_search' }], 'tools.1.vector_store_ids'],
    ['a tool of another type beside it', [search(['vs_1']), { type: 'web_search' }], 'tools.1.type'],
    ['a function without a name beside it', [search(['vs_1']), { type: 'function' }], 'tools.1.name'],
  ])('with %s is refused by its place', async (_what, tools, param) => {
    const refused = await asked(tools)
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param } }])
  })
})
