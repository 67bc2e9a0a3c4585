import { beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { type Ask, askingIn, beginIn, contentOf, corrieStore, eventually, pausedOf, post } from './mesh/paused-sessions.ts'
import { bodyOf, openAiClient, request } from './mesh/shared-mesh.ts'

let storeId: string
const asking = (ask: Ask = {}) => askingIn(storeId, ask)
const begin = (ask: Ask = {}) => beginIn(storeId, ask)

beforeAll(async () => {
  storeId = await corrieStore()
})

describe('a chat that pauses for an approval, driven by the published client', () => {
  it('ends politely, and goes on with "approve" as the next message, streamed', async () => {
    const paused = await openAiClient().chat.completions.create(asking())
    const { sessionId, status, approvals } = pausedOf(paused)
    expect(paused.choices[0]?.finish_reason).toBe('stop')
    expect([status, approvals.length]).toEqual(['awaiting_approval', 1])
    expect(contentOf(paused)).toContain('Searching costs money.')
    const next = { model: 'weft/auto', messages: [{ role: 'user' as const, content: 'approve: go on' }] }
    const stream = openAiClient().chat.completions.stream(next, { headers: { 'X-Session-ID': sessionId } })
    const final = await stream.finalChatCompletion()
    expect(contentOf(final)).toContain('1790')
    expect(pausedOf(final)).toMatchObject({ sessionId, turn: 1, status: 'completed', approvals: [] })
  })

  it('is told no with "reject because …", and says so in its answer', async () => {
    const { sessionId } = await begin({ isAnswerAsked: true })
    const next = { model: 'weft/auto', messages: [{ role: 'user' as const, content: 'reject because it is too dear' }] }
    const refused = await openAiClient().chat.completions.create(next, { headers: { 'X-Session-ID': sessionId } })
    expect(contentOf(refused)).toContain('too dear')
    expect(pausedOf(refused).status).toBe('failed')
    expect(refused.choices[0]?.finish_reason).toBe('stop')
  })

  it('waits on the open stream for somebody else’s decision', async () => {
    const sessionId = `sess_wait_${Date.now()}`
    const stream = openAiClient().chat.completions.stream(asking({ mode: 'wait' }), { headers: { 'X-Session-ID': sessionId } })
    const answer = stream.finalContent()
    await untilPending(sessionId)
    expect((await post(`/approvals/${sessionId}/approve`, {})).status).toBe(200)
    expect(await answer).toContain('1790')
  })

  it('asks by tool calls, and goes on when the client has answered them', async () => {
    const first = asking({ mode: 'tool_call', searches: 2 })
    const asked = await openAiClient().chat.completions.stream(first).finalChatCompletion()
    const message = asked.choices[0]?.message
    const calls = message?.tool_calls ?? []
    expect(asked.choices[0]?.finish_reason).toBe('tool_calls')
    expect(calls.map((call) => (call.type === 'function' ? call.function.name : ''))).toEqual(['weft_approval', 'weft_approval'])
    const answers = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: '{"decision":"approve"}' }))
    const conversation = [
      ...first.messages,
      { role: 'assistant' as const, content: message?.content ?? null, tool_calls: calls },
      ...answers,
    ]
    const next = { ...first, messages: conversation }
    const answer = await openAiClient().chat.completions.stream(next).finalChatCompletion()
    expect(contentOf(answer)).toContain('1790')
    expect(pausedOf(answer)).toMatchObject({ sessionId: pausedOf(asked).sessionId, status: 'completed' })
  })

  it('goes on with "approve" when a child session is what asks', async () => {
    const { id, sessionId } = await begin({ isChild: true })
    const next = { model: 'weft/auto', messages: [{ role: 'user' as const, content: `approve ${id}` }] }
    const stream = openAiClient().chat.completions.stream(next, { headers: { 'X-Session-ID': sessionId } })
    expect(await stream.finalContent()).toContain('1790')
  })

  it('holds the next ordinary message up, and says for what', async () => {
    const { id, sessionId } = await begin()
    const next = { model: 'weft/auto', messages: [{ role: 'user' as const, content: 'What are its arches of?' }] }
    const held = await openAiClient().chat.completions.create(next, { headers: { 'X-Session-ID': sessionId } })
    expect(contentOf(held)).toContain('This message is next')
    expect(pausedOf(held).approvals.map((approval) => approval.id)).toEqual([id])
  })
})

async function untilPending(sessionId: string): Promise<void> {
  const Session = z.looseObject({ status: z.string() })
  await eventually(async () => {
    const response = await request(`/v1/sessions/${sessionId}`)
    return response.ok && (await bodyOf(Session, response)).status === 'awaiting_approval'
  })
}
