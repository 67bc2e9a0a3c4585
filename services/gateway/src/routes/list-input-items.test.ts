import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { WeftError, type ChatMessage } from '@weft/contracts'
import type { SessionMessage } from '../sessions/session-log.ts'
import { apiErrorOf, type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'
import { emptyLog } from '../testing/start-gateway.ts'
import { place, viewOf, turnOf } from '../testing/turns.ts'

const model = 'openai/test-model'
let asked: ChatMessage[]
const at = '2026-01-01T00:00:00Z'
const said: (SessionMessage & { id: string })[] = [1, 2].flatMap((turn) => [
  { id: `${turn}.user`, turn, role: 'user', at, content: `Question ${turn}` },
  { id: `${turn}.assistant`, turn, role: 'assistant', at, content: `Answer ${turn}` },
])
const log = {
  ...emptyLog,
  asked: async () => asked,
  messages: async () => ({ data: said, hasMore: false }),
}

let test: ModelGateway
beforeEach(async () => {
  asked = [{ role: 'user', content: 'Question 2' }]
  test = await startModelGateway({ log })
  test.gateway.session.onView = () => viewOf({}, { turns: [turnOf(), turnOf({ turn: 2 })] })
})
afterEach(() => test.stop())

const list = (id: string, query: { limit?: number; order?: 'asc' | 'desc'; after?: string } = { order: 'asc' }) =>
  test.client.responses.inputItems.list(id, query)

const text = (value: string) => ({ content: [{ text: value }] })

describe('the items a response was made from', () => {
  it('are its own and those of the conversation it goes on with, of a model', async () => {
    const first = await test.client.responses.create({ model, input: 'One' })
    const call = { type: 'function_call_output' as const, call_id: 'call_1', output: 'seen' }
    const asking = { type: 'function_call' as const, call_id: 'call_1', name: 'look', arguments: '{}' }
    const input = [asking, call, { role: 'user' as const, content: 'Two' }]
    const { id } = await test.client.responses.create({ model, input, previous_response_id: first.id })
    const { data } = await list(id)
    expect(data).toMatchObject([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'One' }] },
      first.output[0] ?? {},
      { ...asking, status: 'completed' },
      { ...call, status: 'completed' },
      { role: 'user', ...text('Two') },
    ])
    await test.client.responses.delete(first.id)
    expect((await list(id)).data).toEqual(data.slice(2))
  })

  it('are paged through, newest first unless it is wished otherwise', async () => {
    const input = Array.from({ length: 5 }, (_, index) => ({ role: 'user' as const, content: `${index}` }))
    const { id } = await test.client.responses.create({ model, input })
    const newest = await list(id, { limit: 2 })
    expect(newest).toMatchObject({ has_more: true, data: [text('4'), text('3')] })
    const pages: unknown[] = []
    for await (const item of test.client.responses.inputItems.list(id, { limit: 2, order: 'asc' })) pages.push(item)
    expect(pages).toMatchObject(['0', '1', '2', '3', '4'].map(text))
    const last = await list(id, { limit: 2, order: 'asc', after: (await list(id)).data[2]?.id ?? '' })
    expect(last).toMatchObject({ has_more: false, data: [text('3'), text('4')] })
    expect(await apiErrorOf(list(id, { after: 'msg_none' }))).toMatchObject({ status: 400, param: 'after' })
    expect(await apiErrorOf(list(id, { limit: 101 }))).toMatchObject({ status: 400, param: 'limit' })
  })

  it('are the session’s before it and its own, of a workflow', async () => {
    const id = `resp_${place.sessionId}.2`
    expect((await list(id)).data).toMatchObject([
      { role: 'user', ...text('Question 1') },
      { role: 'assistant', content: [{ type: 'output_text', text: 'Answer 1' }] },
      { role: 'user', ...text('Question 2') },
    ])
    expect((await list(`resp_${place.sessionId}.1`)).data).toHaveLength(1)
    asked = [{ role: 'user', content: 'A' }, { role: 'assistant', content: 'B' }, ...asked]
    expect((await list(id)).data).toMatchObject([text('A'), text('B'), text('Question 2')])
  })

  it('are not there of a response that is not, or is another tenant’s', async () => {
    const { id } = await test.client.responses.create({ model, input: 'One' })
    const stranger = test.gateway.client(await test.gateway.makeKey({ tenant: 'other' }))
    expect(await apiErrorOf(stranger.responses.inputItems.list(id))).toMatchObject({ status: 404 })
    expect(await apiErrorOf(list('resp_nothing'))).toMatchObject({ status: 404, param: 'response_id' })
    test.gateway.session.onView = () => {
      throw new WeftError('not_found', 'no such session')
    }
    expect(await apiErrorOf(list(`resp_${place.sessionId}.1`))).toMatchObject({ status: 404, param: 'response_id' })
  })
})
