import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
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

  it('is gone on with in its session, from its newest turn alone', async () => {
    const { id } = await test.client.responses.create({ model: 'weft/auto', input: 'What?' })
    const { sessionId = '' } = test.gateway.session.submitted[0] ?? {}
    test.gateway.session.onView = () => viewOf({ turn: place.turn, status: 'completed' })
    await test.client.responses.create({ model: 'weft/auto', input: 'And?', previous_response_id: id })
    expect(test.gateway.session.submitted[1]).toMatchObject({ sessionId, messages: [{ role: 'user', content: 'And?' }] })
    test.gateway.session.onView = () => viewOf({ turn: place.turn + 1, status: 'completed' })
    const stale = test.client.responses.create({ model: 'weft/auto', input: 'And?', previous_response_id: id })
    expect(await apiErrorOf(stale)).toMatchObject({ status: 400, param: 'previous_response_id' })
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
