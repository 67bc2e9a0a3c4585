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

  it.each(['required', { type: 'file_search' }, { type: 'allowed_tools', mode: 'required', tools: [{ type: 'file_search' }] }])(
    'is answered where that tool is chosen: %j',
    async (tool_choice) => {
      expect((await test.post('/v1/responses', { ...wish, tool_choice })).status).toBe(200)
    },
  )

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

describe('its results', () => {
  const includes = { ...wish, include: ['file_search_call.results' as const] }
  const notice = { vectorStoreId: 'vs_1', fileId: 'file_1', filename: 'old.md', start: 3, end: 9, score: 0.8 }
  const gone = { ...notice, fileId: 'file_2', filename: 'gone.md', score: 0.4 }
  const succeeded = eventItem(3, 'step.succeeded', { stepId: 'retrieve', found: [gone, notice] })
  const results = [
    { file_id: 'file_1', filename: 'lease.md', score: 0.8, text: 'Three months.', attributes: { year: 2024 } },
    { file_id: 'file_2', filename: 'gone.md', score: 0.4 },
  ]
  const asked: object[] = []
  let isAway = false

  beforeEach(async () => {
    await test.stop()
    asked.length = 0
    isAway = false
    test = await startModelGateway({
      async readPlaces(request) {
        asked.push(request)
        if (isAway) throw new Error('no database')
        const read = { text: 'Three months.', filename: 'lease.md', attributes: { year: 2024 } }
        return request.places.map(({ fileId }) => (fileId === 'file_1' ? read : undefined))
      },
    })
    test.gateway.session.onSubmit = (_turn, reply) =>
      reply(...begun, succeeded, textItem(0, answer.text), endItem('completed', answer))
    test.gateway.session.onView = () => viewOf(withFound())
  })

  function withFound() {
    const turn = ended()
    return { ...turn, steps: turn.steps.map((step) => ({ ...step, found: [gone, notice] })) }
  }

  it('are told where the request includes them: whole, streamed, and asked for later, the best first', async () => {
    const created = await test.client.responses.create(includes)
    expect(created.output).toMatchObject([{ type: 'reasoning' }, { ...found, results }, message])
    expect(asked).toEqual([{ tenant: place.tenant, places: [notice, gone] }])
    const raw = await test.post('/v1/responses', includes)
    expect(raw.headers.get('x-weft-ignored-fields')).toBeNull()
    const done = []
    for await (const event of await test.client.responses.create({ ...includes, stream: true }))
      if (event.type === 'response.output_item.done') done.push(event.item)
    expect(done).toMatchObject([{ type: 'reasoning' }, { ...found, results }, message])
    const later = await test.client.responses.retrieve(id, { include: ['file_search_call.results'] })
    expect(later.output).toMatchObject([{ ...found, results }, message])
    expect((await test.client.responses.retrieve(id)).output).toMatchObject([found, message])
  })

  it('are told again in a stream of the background', async () => {
    test.gateway.session.onView = () => viewOf({ ...withFound(), isBackground: true })
    const stream = await test.client.responses.retrieve(id, { stream: true, include: ['file_search_call.results'] })
    const events = []
    for await (const event of stream) events.push(event)
    expect(events.at(-1)).toMatchObject({ response: { output: [{ results }, message] } })
  })

  it('hold the answer until the session has told them where no reply did', async () => {
    test.gateway.session.onSubmit = (_turn, reply) => reply(...begun, textItem(0, answer.text))
    const { output } = await test.client.responses.stream(includes).finalResponse()
    expect(output).toMatchObject([{ type: 'reasoning' }, { ...found, results }, message])
  })

  it('are places without text while the database is away', async () => {
    isAway = true
    const { output } = await test.client.responses.create(includes)
    const bare = [{ file_id: 'file_1', filename: 'old.md', score: 0.8 }, results[1]]
    expect(output).toMatchObject([{ type: 'reasoning' }, { ...found, results: bare }, message])
    expect(JSON.stringify(output)).not.toContain('Three months.","attributes')
  })

  it('are not wished for by other names, which the answer says', async () => {
    const later = await test.gateway.request(`/v1/responses/${id}?include=reasoning.encrypted_content`)
    expect(later.headers.get('x-weft-ignored-fields')).toBe('include.reasoning.encrypted_content')
  })
})

it('a response without such a tool tells no call', async () => {
  test.gateway.session.onView = () => viewOf({ ...ended(), showsSearch: undefined })
  const { model, input } = wish
  expect((await test.client.responses.create({ model, input })).output).toMatchObject([{ type: 'reasoning' }, message])
  expect((await test.client.responses.retrieve(id)).output).toMatchObject([message])
})
