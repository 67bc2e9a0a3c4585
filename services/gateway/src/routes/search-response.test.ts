import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { StepStatus } from '@weft/contracts'
import { type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'
import { answerOf, endItem, eventItem, place, plan as bare, textItem, viewOf } from '../testing/turns.ts'

const query = 'notice periods'
const plan = { ...bare, steps: bare.steps.map((step) => ({ ...step, params: step.stepId === 'retrieve' ? { query } : {} })) }
const answer = answerOf('Three months.')
const wish = { model: 'weft/auto', input: 'What?', tools: [{ type: 'file_search' as const, vector_store_ids: ['vs_1'] }] }
const id = `resp_${place.sessionId}.1`
const found = { type: 'file_search_call', status: 'completed', queries: [query], results: null }
const begun = [eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan })]
const message = { type: 'message', content: [{ text: answer.text }] }

let test: ModelGateway
beforeEach(async () => {
  test = await startModelGateway()
  test.gateway.session.onSubmit = (_turn, reply) => reply(...begun, textItem(0, answer.text), endItem('completed', answer))
  test.gateway.session.onView = () => viewOf(ended())
})
afterEach(() => test.stop())

function ended(retrieved: StepStatus = 'succeeded') {
  const facts = { agent: 'rag', dependsOn: [], attempt: 1, costUsd: 0, status: retrieved }
  return {
    status: 'completed' as const,
    plan,
    answer,
    showsSearch: true,
    steps: [{ stepId: 'retrieve', capability: 'retrieve', ...facts }],
  }
}

async function typesOf(stream: AsyncIterable<{ type: string; output_index?: number; sequence_number: number }>) {
  const told: string[] = []
  for await (const { type, output_index, sequence_number } of stream)
    told.push(`${sequence_number} ${type} ${output_index ?? ''}`.trim())
  return told
}

describe('a response whose tool file_search names the stores', () => {
  it('tells the search as a call before the answer: whole, streamed, and asked for later', async () => {
    const whole = await test.client.responses.create(wish)
    expect(whole.output).toMatchObject([{ type: 'reasoning' }, found, message])
    expect(test.gateway.session.submitted[0]?.showsSearch).toBe(true)
    const streamed = await test.client.responses.stream(wish).finalResponse()
    expect(streamed.output).toMatchObject([{ type: 'reasoning' }, found, message])
    const later = await test.client.responses.retrieve(id)
    expect(later.output).toMatchObject([{ ...found, id: `fs_${place.sessionId}.1_0` }, message])
  })

  it('tells it although no reply told the plan', async () => {
    test.gateway.session.onSubmit = (_turn, reply) => reply(endItem('completed', answer))
    expect((await test.client.responses.create(wish)).output).toMatchObject([found, message])
  })

  it('streams the same events of it again in the background', async () => {
    const background = { ...wish, background: true }
    const first = await typesOf(await test.client.responses.create({ ...background, stream: true }))
    expect(first.slice(2, 8)).toEqual([
      '2 response.output_item.added 0',
      '3 response.file_search_call.in_progress 0',
      '4 response.file_search_call.searching 0',
      '5 response.file_search_call.completed 0',
      '6 response.output_item.done 0',
      '7 response.output_item.added 1',
    ])
    test.gateway.session.onView = () => viewOf({ ...ended(), isBackground: true })
    expect(await typesOf(await test.client.responses.retrieve(id, { stream: true }))).toEqual(first)
  })

  it('says so when nothing could be searched', async () => {
    test.gateway.session.onView = () => viewOf(ended('skipped'))
    const lacking = answerOf(answer.text, { degraded: ['step_skipped:retrieve'] })
    test.gateway.session.onSubmit = (_turn, reply) => reply(...begun, endItem('completed', lacking))
    const failed = [{ type: 'reasoning' }, { ...found, status: 'failed' }, message]
    expect((await test.client.responses.create(wish)).output).toMatchObject(failed)
    const skipped = eventItem(3, 'step.skipped', { stepId: 'retrieve' })
    test.gateway.session.onSubmit = (_turn, reply) =>
      reply(...begun, skipped, textItem(0, answer.text), endItem('completed', answer))
    expect((await test.client.responses.stream(wish).finalResponse()).output).toMatchObject(failed)
    expect((await test.client.responses.retrieve(id)).output).toMatchObject([{ ...found, status: 'failed' }, message])
  })

  it('is gone on with although the call stands among the items that are sent', async () => {
    const { output } = await test.client.responses.retrieve(id)
    const references = output.map(({ id: item }) => ({ type: 'item_reference', id: item }))
    for (const items of [output, references]) {
      const input = [...items, { role: 'user', content: 'And?' }]
      const response = await test.post('/v1/responses', { model: 'openai/test-model', input })
      expect(response.headers.get('x-weft-ignored-fields')).toBe('input.file_search_call')
      expect(test.openai.requests.at(-1)?.body.messages).toMatchObject([{ content: answer.text }, { content: 'And?' }])
    }
  })
})

it('a response without such a tool tells no call', async () => {
  test.gateway.session.onView = () => viewOf({ ...ended(), showsSearch: undefined })
  const { model, input } = wish
  expect((await test.client.responses.create({ model, input })).output).toMatchObject([{ type: 'reasoning' }, message])
  expect((await test.client.responses.retrieve(id)).output).toMatchObject([message])
})
