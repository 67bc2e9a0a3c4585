import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ReplyItem } from '@weft/contracts'
import type OpenAI from 'openai'
import { approvalOf } from '../testing/approvals.ts'
import { apiErrorOf, type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'
import { answerOf, endItem, eventItem, place, plan, textItem, viewOf } from '../testing/turns.ts'

type StreamEvent = OpenAI.Responses.ResponseStreamEvent
type Stream = AsyncIterable<StreamEvent>

const citation = { index: 1, fileId: 'file_1', filename: 'a.md', quote: 'q', start: 0, end: 1, score: 1, verified: true as const }
const answer = answerOf('Ebb and 🌊 [1].', { citations: [citation] })
const begun = [eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan })]
const wish = { model: 'weft/auto', input: 'What?', background: true }
const ended = { status: 'completed' as const, plan, answer, isBackground: true }

/** The whole answer in pieces of so many UTF-16 units. */
function inPieces(units: number): ReplyItem[] {
  const offsets = Array.from({ length: Math.ceil(answer.text.length / units) }, (_, index) => index * units)
  return offsets.map((offset) => textItem(offset, answer.text.slice(offset, offset + units)))
}

let test: ModelGateway
let id: string

beforeEach(async () => {
  test = await startModelGateway()
  test.gateway.session.onSubmit = (_turn, reply) => reply(...begun, ...inPieces(4), endItem('completed', answer))
  test.gateway.session.onView = () => viewOf(ended)
  id = `resp_${place.sessionId}.1`
})
afterEach(() => test.stop())

async function eventsOf(stream: Promise<Stream>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of await stream) events.push(event)
  return events
}

const streamed = () => eventsOf(test.client.responses.create({ ...wish, stream: true }))
const after = (starting_after: number) => eventsOf(test.client.responses.retrieve(id, { stream: true, starting_after }))
const textOf = (events: StreamEvent[]) =>
  events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')
/** What of them does not depend on who was asked, or on which session. */
const factsOf = (events: StreamEvent[]) =>
  events.map((event) => [event.type, event.sequence_number, 'response' in event ? event.response.created_at : undefined])

describe('a response in the background that was streamed', () => {
  it('is streamed again behind any of its events, however its text was cut the first time', async () => {
    const first = await streamed()
    expect(textOf(first)).toBe(answer.text)
    expect(first.at(-1)).toMatchObject({ type: 'response.completed', response: { background: true } })
    for (const [index, { sequence_number }] of first.entries()) {
      const rest = await after(sequence_number)
      expect(textOf(first.slice(0, index + 1)) + textOf(rest)).toBe(answer.text)
      const isEnding = first.slice(index).every(({ type }) => type !== 'response.output_text.delta')
      if (isEnding) expect(factsOf(rest)).toEqual(factsOf(first.slice(index + 1)))
      expect(rest.every((event) => event.sequence_number > sequence_number)).toBe(true)
    }
  })

  it('is streamed from its beginning, by the client’s own stream too', async () => {
    const whole = await eventsOf(test.client.responses.retrieve(id, { stream: true }))
    expect(whole.slice(0, 2).map(({ type }) => type)).toEqual(['response.created', 'response.in_progress'])
    const built = test.client.responses.stream({ response_id: id, starting_after: 0 })
    expect(await built.finalResponse()).toMatchObject({ status: 'completed', background: true, output_text: answer.text })
    const retrieved = await test.client.responses.retrieve(id)
    expect(retrieved.output).toEqual((await built.finalResponse()).output.map((item) => expect.objectContaining({ id: item.id })))
  })

  it('is followed while it is worked on', async () => {
    const { session, hub } = test.gateway
    let isDone = false
    session.onView = () => viewOf(isDone ? ended : { plan, isBackground: true })
    session.attach = async () => {
      isDone = true
      hub.deliver({ items: [...begun, ...inPieces(5), endItem('completed', answer)] })
    }
    const events = await after(4)
    expect(textOf(events)).toBe(answer.text.slice(1))
    expect(events.at(-1)).toMatchObject({ type: 'response.completed' })
  })

  it('that waits for a decision says so, or waits too where its request wished that', async () => {
    const paused = { status: 'awaiting_approval' as const, plan, isBackground: true, approvals: [approvalOf()] }
    test.gateway.session.onView = () => viewOf(paused)
    expect(textOf(await after(0))).toContain('paused until a person has decided')
    const states = [paused, paused, ended]
    test.gateway.session.onView = () => viewOf({ ...(states.shift() ?? ended), onPause: 'wait' })
    expect(textOf(await after(0))).toBe(answer.text)
  })

  it('and has ended sends nothing behind its end', async () => {
    expect(await after(1_000)).toEqual([])
  })
})

describe('no second stream', () => {
  it.each([
    ['starting_after', '?starting_after=3'],
    ['starting_after', '?stream=true&starting_after=-1'],
    ['stream', '?stream=maybe'],
  ])('is there for a query whose %s is wrong: %s', async (param, query) => {
    const refused = await test.gateway.request(`/v1/responses/${id}${query}`)
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param } }])
  })

  it('is there of a response that is not in the background, or is a model’s; one of another tenant does not exist', async () => {
    test.gateway.session.onView = () => viewOf({ ...ended, isBackground: undefined })
    const ofModel = await test.client.responses.create({ model: 'openai/test-model', input: 'What?' })
    for (const each of [id, ofModel.id])
      expect(await apiErrorOf(test.client.responses.retrieve(each, { stream: true }))).toMatchObject({
        status: 400,
        param: 'stream',
      })
    const stranger = test.gateway.client(await test.gateway.makeKey({ tenant: 'other' }))
    expect(await apiErrorOf(stranger.responses.retrieve(ofModel.id, { stream: true }))).toMatchObject({ status: 404 })
  })
})
