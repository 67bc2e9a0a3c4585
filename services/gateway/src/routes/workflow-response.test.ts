import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { createMemoryResponses } from '../testing/memory-responses.ts'
import { apiErrorOf, type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'
import { answerOf, endItem, eventItem, place, plan, textItem, viewOf } from '../testing/turns.ts'

let test: ModelGateway
beforeEach(async () => {
  test = await startModelGateway()
})
afterEach(() => test.stop())

const model = 'openai/test-model'
const sent = () => test.openai.requests.at(-1)?.body

describe('a workflow’s response', () => {
  const citation = {
    index: 1,
    fileId: 'file_1',
    filename: 'a.md',
    quote: 'q',
    start: 0,
    end: 1,
    score: 1,
    verified: true as const,
  }
  const answer = answerOf('The answer [1].', { citations: [citation] })
  const begun = [eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan })]

  beforeEach(() => {
    test.gateway.session.onSubmit = (_turn, reply) =>
      reply(...begun, textItem(0, 'The answer '), textItem(11, '[1].'), endItem('completed', answer))
  })

  it('streams progress as reasoning and the answer with its citations, and ends with the facts', async () => {
    const response = await test.client.responses.stream({ model: 'weft/auto', input: 'What?' }).finalResponse()
    expect(response.output_text).toBe('The answer [1].')
    expect(response.output).toMatchObject([
      { type: 'reasoning', summary: [{ text: 'plan: retrieve, answer\n' }] },
      { content: [{ annotations: [{ type: 'file_citation', file_id: 'file_1', filename: 'a.md', index: 11 }] }] },
    ])
    expect(response).toMatchObject({ model: 'weft/auto', weft: { status: 'completed', turn: place.turn } })
    expect(response.usage).toMatchObject({ input_tokens: 20, output_tokens: 5 })
  })

  it('is whole when it is not streamed', async () => {
    const response = await test.client.responses.create({ model: 'weft/auto', input: 'What?', instructions: 'In French.' })
    expect(response.output_text).toBe('The answer [1].')
    expect(test.gateway.session.submitted[0]?.messages).toEqual([
      { role: 'system', content: 'In French.' },
      { role: 'user', content: 'What?' },
    ])
  })

  it('is incomplete where its model ended early', async () => {
    const cut = answerOf('The answer', { degraded: ['answer_truncated'] })
    test.gateway.session.onSubmit = (_turn, reply) => reply(...begun, textItem(0, 'The answer'), endItem('completed', cut))
    const response = await test.client.responses.create({ model: 'weft/auto', input: 'What?' })
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
  })

  it('is gone on with in its session, from this turn alone, as long as that is there', async () => {
    const { id } = await test.client.responses.create({ model: 'weft/auto', input: 'What?' })
    const { sessionId = '' } = test.gateway.session.submitted[0] ?? {}
    test.gateway.session.onView = () => viewOf({ turn: place.turn, status: 'completed' })
    await test.client.responses.create({ model: 'weft/auto', input: 'And?', previous_response_id: id })
    expect(test.gateway.session.submitted[1]).toMatchObject({
      sessionId,
      previousTurn: place.turn,
      messages: [{ role: 'user', content: 'And?' }],
    })
    const elsewhere = { headers: { 'x-session-id': 'another' } }
    const torn = test.client.responses.create({ model: 'weft/auto', input: 'And?', previous_response_id: id }, elsewhere)
    expect(await apiErrorOf(torn)).toMatchObject({ status: 400, param: 'X-Session-ID' })
    expect(test.gateway.session.submitted).toHaveLength(2)
    test.gateway.session.onView = () => {
      throw new WeftError('not_found', 'no such session')
    }
    const gone = test.client.responses.create({ model: 'weft/auto', input: 'And?', previous_response_id: id })
    expect(await apiErrorOf(gone)).toMatchObject({ status: 400, param: 'previous_response_id' })
  })

  it('may be referred to by its message', async () => {
    const { output } = await test.client.responses.create({ model: 'weft/auto', input: 'What?' })
    test.gateway.session.onView = () => viewOf({ turn: place.turn, status: 'completed', answer })
    const id = output.find(({ type }) => type === 'message')?.id ?? ''
    await test.client.responses.create({
      model,
      input: [
        { type: 'item_reference', id },
        { role: 'user', content: 'And?' },
      ],
    })
    expect(sent()?.messages).toMatchObject([{ role: 'assistant', content: 'The answer [1].' }, { role: 'user' }])
  })

  it('is worked on in the background, asked for until it is there, and cancelled', async () => {
    const begunNow = await test.client.responses.create({ model: 'weft/auto', input: 'What?', background: true })
    expect(begunNow).toMatchObject({ id: expect.stringMatching(/^resp_sess_.*\.1$/), status: 'queued', background: true })
    const id = `resp_${place.sessionId}.1`
    expect(test.gateway.session.submitted[0]?.options).toMatchObject({ background: true })
    const states = ['queued', 'in_progress', 'completed'] as const
    const views = [{}, { plan }, { status: 'completed' as const, plan, answer }]
    for (const [index, expected] of states.entries()) {
      test.gateway.session.onView = () => viewOf({ isBackground: true, ...views[index] })
      expect(await test.client.responses.retrieve(id)).toMatchObject({ id, status: expected, background: true })
    }
    const whole = await test.client.responses.retrieve(id)
    expect(whole.output).toMatchObject([{ content: [{ text: 'The answer [1].', annotations: [{ file_id: 'file_1' }] }] }])
    expect(whole).toMatchObject({ weft: { status: 'completed' }, usage: { input_tokens: 20 } })
    test.gateway.session.cancel = async () => viewOf({ status: 'cancelled' })
    test.gateway.session.onView = () => viewOf({ plan })
    expect(await test.client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' })
  })

  it('streams in the background too', async () => {
    const stream = test.client.responses.stream({ model: 'weft/auto', input: 'What?', background: true })
    expect(await stream.finalResponse()).toMatchObject({ status: 'completed', background: true })
    const [submitted] = test.gateway.session.submitted
    expect(submitted).toMatchObject({ replyDetail: 'text', options: { background: true } })
  })

  it('that failed or paused is told of as such', async () => {
    const id = `resp_${place.sessionId}.1`
    const problem = { code: 'upstream_error' as const, message: 'no model', isRetryable: false }
    test.gateway.session.onView = () => viewOf({ status: 'failed', answer: answerOf('', { problem }) })
    const failed = await test.client.responses.retrieve(id)
    expect(failed).toMatchObject({
      status: 'failed',
      error: { code: 'upstream_error', message: expect.stringMatching(/no model/) },
    })
    test.gateway.session.onView = () => viewOf({ status: 'awaiting_approval' })
    const paused = await test.client.responses.retrieve(id)
    expect(paused).toMatchObject({ weft: { status: 'awaiting_approval' }, output_text: expect.stringMatching(/is paused/) })
  })

  const id = `resp_${place.sessionId}.1`
  const message = `msg_${place.sessionId}.1_0`
  const isGone = async () => {
    const { responses } = test.client
    for (const asking of [responses.retrieve(id), responses.inputItems.list(id), responses.delete(id)])
      expect(await apiErrorOf(asking)).toMatchObject({ status: 404, param: 'response_id' })
    const after = { model: 'weft/auto', input: 'And?', previous_response_id: id }
    expect(await apiErrorOf(responses.create(after))).toMatchObject({
      status: 400,
      message: expect.stringMatching(/X-Session-ID/),
    })
    const input = [{ type: 'item_reference' as const, id: message }]
    expect(await apiErrorOf(responses.create({ model: 'weft/auto', input }))).toMatchObject({ status: 400, param: 'input.0.id' })
  }

  it('of a turn that is not there, or of another tenant, does not exist', async () => {
    test.gateway.session.onView = () => viewOf({ status: 'completed', answer })
    for (const missing of [`resp_${place.sessionId}.2`, 'resp_nothing'])
      for (const asking of [test.client.responses.retrieve(missing), test.client.responses.delete(missing)])
        expect(await apiErrorOf(asking)).toMatchObject({ status: 404 })
  })

  it('that is deleted is gone, and its session is not', async () => {
    test.gateway.session.onView = () => viewOf({ status: 'completed', answer })
    expect(await test.client.responses.retrieve(id)).toMatchObject({ id })
    const deleted = await test.client.delete(`/responses/${id}`)
    expect(deleted).toEqual({ id, object: 'response', deleted: true })
    await isGone()
    expect(await apiErrorOf(test.client.responses.cancel(id))).toMatchObject({ status: 404 })
    expect(test.gateway.session.cancelled).toEqual([])
    expect(await test.client.get(`/sessions/${place.sessionId}`)).toMatchObject({ turns: [{ turn: 1 }] })
  })

  it('that its caller does not want to be stored says so, and cannot be asked for', async () => {
    const response = await test.client.responses.create({ model: 'weft/auto', input: 'What?', store: false })
    expect(response).toMatchObject({ output_text: 'The answer [1].', store: false })
    expect(test.gateway.session.submitted[0]?.isStored).toBe(false)
    test.gateway.session.onView = () => viewOf({ status: 'completed', answer, isStored: false })
    await isGone()
    test.gateway.session.onView = () => viewOf({ plan, isStored: false })
    expect(await apiErrorOf(test.client.responses.cancel(id))).toMatchObject({ status: 404, param: 'response_id' })
    expect(test.gateway.session.cancelled).toEqual([])
  })

  it('is asked for, and gone on with, while nobody can say what was deleted', async () => {
    const away = async () => Promise.reject(new Error('no database'))
    const other = await startModelGateway({ responses: { ...createMemoryResponses(), isForgotten: away } })
    other.gateway.session.onView = () => viewOf({ status: 'completed', answer })
    expect(await other.client.responses.retrieve(id)).toMatchObject({ id })
    await other.stop()
  })

  it('searches the stores that its tool file_search names', async () => {
    const search = { type: 'file_search' as const, vector_store_ids: ['vs_1', 'vs_2'], max_num_results: 3 }
    const wish = { model: 'weft/auto', input: 'What?', tools: [search] }
    const answered = await test.post('/v1/responses', wish)
    expect(answered.headers.get('x-weft-ignored-fields')).toBe('tools.0.max_num_results')
    expect(await answered.json()).toMatchObject({ status: 'completed', tools: [search] })
    expect(test.gateway.session.submitted[0]?.vectorStoreIds).toEqual(['vs_1', 'vs_2'])
    const filtered = { ...wish, tools: [{ ...search, filters: { type: 'eq', key: 'a', value: 'b' } }] }
    expect(await apiErrorOf(test.client.responses.create(filtered as never))).toMatchObject({
      status: 400,
      param: 'tools.0.filters',
    })
    const empty = { ...wish, tools: [{ ...search, vector_store_ids: [] }] }
    expect(await apiErrorOf(test.client.responses.create(empty))).toMatchObject({ status: 400 })
  })

  it('fails with its status, and after its begin with a typed error', async () => {
    const problem = { code: 'upstream_error' as const, message: 'no model', isRetryable: false }
    test.gateway.session.onSubmit = (_turn, reply) => reply(endItem('failed', answerOf('', { problem })))
    expect(await apiErrorOf(test.client.responses.create({ model: 'weft/auto', input: 'x' }))).toMatchObject({ status: 502 })
    test.gateway.session.onSubmit = (_turn, reply) =>
      reply(...begun, textItem(0, 'Half'), endItem('failed', answerOf('Half', { problem })))
    const text = await (await test.post('/v1/responses', { model: 'weft/auto', input: 'x', stream: true })).text()
    expect(text).toMatch(/event: response\.failed\n/)
  })
})
