import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ApprovalView, type SessionView, WeftError } from '@weft/contracts'
import type OpenAI from 'openai'
import { approvalOf } from '../testing/approvals.ts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { answerOf, endItem, eventItem, place, plan, turnOf, viewOf } from '../testing/turns.ts'

const id = 'appr_sess_1.1'
const question = { role: 'user' as const, content: 'Tell Ann.' }
let gateway: TestGateway
let client: OpenAI
/** What the session shows; a decision puts `after` in its place. */
let view: SessionView
let after: SessionView

const paused = (...approvals: ApprovalView[]) => viewOf({ status: 'awaiting_approval', plan, approvals })
const done = (text: string) =>
  viewOf({ status: 'completed', plan, answer: answerOf(text), approvals: [approvalOf({ status: 'approved' })] })

beforeEach(async () => {
  gateway = await startGateway()
  client = gateway.client(await gateway.makeKey({ name: 'ann' }))
  view = paused(approvalOf())
  after = done('Ann was told.')
  gateway.session.onSubmit = (_turn, reply) => reply(eventItem(1, 'turn.accepted'), endItem('awaiting_approval'))
  gateway.session.onView = () => view
  gateway.session.onDecide = (decision) => {
    view = after
    return { approval: approvalOf({ id: decision.approvalId, status: 'approved' }), isRepeat: false }
  }
})
afterEach(() => gateway.stop())

type Weft = { weft?: { approval: 'return' | 'wait' | 'tool_call' } }
type Asking = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'> & Weft

/** The same request not streamed and streamed: both must say the same. */
async function askBothWays(asking: Asking, headers: Record<string, string> = {}): Promise<OpenAI.ChatCompletion[]> {
  const before = view
  const whole = await client.chat.completions.create(asking, { headers })
  view = before
  const streamed = await client.chat.completions.stream(asking, { headers }).finalChatCompletion()
  return [whole, streamed]
}

const asking = (weft: Weft['weft'] = undefined, ...messages: OpenAI.ChatCompletionMessageParam[]): Asking => ({
  model: 'weft/auto',
  messages: messages.length === 0 ? [question] : messages,
  ...(weft === undefined ? {} : { weft }),
})

const mine = { 'X-Session-ID': 'sess_1' }
const say = (content: string) => asking(undefined, { role: 'user', content })

describe('a pause', () => {
  it('ends the answer politely: what is asked, where, and how to go on', async () => {
    for (const answer of await askBothWays(asking())) {
      const { finish_reason, message } = answer.choices[0] ?? {}
      expect(finish_reason).toBe('stop')
      expect(message?.content).toContain('paused until a person has decided')
      expect(message?.content).toContain('mailer wants to "send" with {"to":"ann@example.com"} (risk: high)')
      expect(message?.content).toContain(`${gateway.url}/approvals/${id}`)
      expect(answer).toMatchObject({ weft: { status: 'awaiting_approval', approvals: [{ id, hash: 'a'.repeat(64) }] } })
    }
  })

  it('is waited out on request: the answer follows on the same stream', async () => {
    setTimeout(() => {
      view = after
      gateway.hub.deliver({ items: [{ ...endItem('completed', answerOf('Ann was told.')), ...place, sessionId: 'sess_wait' }] })
    }, 100)
    const stream = client.chat.completions.stream(asking({ approval: 'wait' }), { headers: { 'X-Session-ID': 'sess_wait' } })
    expect(await stream.finalContent()).toBe('Ann was told.')
  })

  it('comes as tool calls on request, and goes on with their answers', async () => {
    view = paused(approvalOf(), approvalOf({ id: 'appr_child.7', sessionId: 'child' }))
    for (const answer of await askBothWays(asking({ approval: 'tool_call' }))) {
      expect(answer.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { tool_calls: [{ id, function: { name: 'weft_approval' } }, { id: 'appr_child.7' }] },
      })
      expect(answer.choices[0]?.message.content ?? '').toBe('')
      const call = answer.choices[0]?.message.tool_calls?.[0]
      expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toMatchObject({
        id,
        args: { to: 'ann@example.com' },
      })
    }
  })

  it('accepts a client that declares the tool it will be asked by, and no other', async () => {
    const tool = (name: string) => ({ type: 'function' as const, function: { name, parameters: {} } })
    const calls = asking({ approval: 'tool_call' })
    expect((await client.chat.completions.create({ ...calls, tools: [tool('weft_approval')] })).choices[0]?.finish_reason).toBe(
      'tool_calls',
    )
    await expect(client.chat.completions.create({ ...calls, tools: [tool('search')] })).rejects.toMatchObject({ status: 400 })
  })

  it('of earlier work holds a later message up, which says so', async () => {
    view = viewOf({}, { turns: [turnOf({ turn: 0, status: 'awaiting_approval', plan, approvals: [approvalOf()] }), turnOf()] })
    gateway.session.onSubmit = () => undefined
    const answer = await client.chat.completions.create(say('And Bob?'), { headers: mine })
    expect(answer.choices[0]?.message.content).toContain('This message is next')
    expect(answer).toMatchObject({ weft: { status: 'awaiting_approval', approvals: [{ id }] } })
  })
})

describe('a tool call’s answer', () => {
  const call = {
    id,
    type: 'function' as const,
    function: { name: 'weft_approval', arguments: JSON.stringify({ hash: 'a'.repeat(64) }) },
  }
  const answered = (content: string) =>
    asking(
      { approval: 'tool_call' },
      question,
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: id, content },
    )

  it('decides exactly what was shown, and streams on, whatever the session header', async () => {
    for (const answer of await askBothWays(answered('{"decision":"approve","comment":"ok"}'))) {
      expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Ann was told.' } })
    }
    expect(gateway.session.decided[0]).toMatchObject({
      approvalId: id,
      action: 'approve',
      comment: 'ok',
      hash: 'a'.repeat(64),
      by: { id: 'ann' },
    })
    expect(gateway.session.submitted).toEqual([])
  })

  it('asks again while others are pending', async () => {
    after = paused(approvalOf({ id: 'appr_sess_1.2' }))
    const answer = await client.chat.completions.create(answered('approve'))
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'appr_sess_1.2' }] } })
  })

  it('of a child session goes to the child, and the turn of its root is followed', async () => {
    const child = approvalOf({ id: 'appr_child.7', sessionId: 'child', rootSessionId: 'sess_1', turn: 9 })
    view = paused(child)
    const answer = await client.chat.completions.create(
      asking({ approval: 'tool_call' }, question, { role: 'tool', tool_call_id: 'appr_child.7', content: 'approve' }),
    )
    expect(answer).toMatchObject({ weft: { sessionId: 'sess_1', turn: 1 }, choices: [{ message: { content: 'Ann was told.' } }] })
  })

  it('that is not clear decides nothing', async () => {
    await expect(client.chat.completions.create(answered('sure'))).rejects.toMatchObject({
      status: 400,
      param: 'messages.2.content',
    })
    expect(gateway.session.decided).toEqual([])
  })

  it('that comes too late says who was first', async () => {
    gateway.session.onDecide = () => {
      throw new WeftError('conflict', 'approval was rejected by bob')
    }
    await expect(client.chat.completions.create(answered('approve'))).rejects.toMatchObject({ status: 409 })
  })
})

describe('the next message of a paused session', () => {
  it.each([
    ['approve', { action: 'approve' }],
    ['approve: after lunch', { action: 'approve', comment: 'after lunch' }],
    ['reject because it is too dear', { action: 'reject', comment: 'it is too dear' }],
  ])('%j decides, and is answered by the turn that goes on', async (text, decision) => {
    for (const answer of await askBothWays(say(text), mine)) expect(answer.choices[0]?.message.content).toBe('Ann was told.')
    expect(gateway.session.decided).toMatchObject([
      { approvalId: id, ...decision, hash: 'a'.repeat(64) },
      { approvalId: id, ...decision },
    ])
    expect(gateway.session.submitted).toEqual([])
  })

  it('is an ordinary turn when it says anything else, when nothing is pending, or when no session is named', async () => {
    await client.chat.completions.create(say('approve if Bob agrees'), { headers: mine })
    await client.chat.completions.create(say('approve'))
    view = done('Long ago.')
    await client.chat.completions.create(say('approve'), { headers: mine })
    expect(gateway.session.decided).toEqual([])
    expect(gateway.session.submitted.map(({ messages }) => messages[0]?.content)).toEqual([
      'approve if Bob agrees',
      'approve',
      'approve',
    ])
  })

  it('decides nothing while it does not say which of several', async () => {
    view = paused(approvalOf(), approvalOf({ id: 'appr_sess_1.2' }))
    const unclear = await client.chat.completions.create(say('approve'), { headers: mine })
    expect(unclear.choices[0]?.message.content).toContain('"approve appr_sess_1.1"')
    expect(gateway.session.decided).toEqual([])
    await client.chat.completions.create(say('approve appr_sess_1.2'), { headers: mine })
    expect(gateway.session.decided).toMatchObject([{ approvalId: 'appr_sess_1.2' }])
    await expect(client.chat.completions.create(say('approve appr_sess_1.9'), { headers: mine })).rejects.toMatchObject({
      status: 404,
    })
  })

  it('needs a key that may approve', async () => {
    const reader = gateway.client(await gateway.makeKey({ scopes: ['chat'] }))
    await expect(reader.chat.completions.create(say('approve'), { headers: mine })).rejects.toMatchObject({ status: 403 })
    expect(gateway.session.decided).toEqual([])
  })

  it('counts only for what the conversation showed', async () => {
    const shown = (await client.chat.completions.create(asking())).choices[0]?.message.content ?? ''
    const said = { role: 'assistant' as const, content: shown }
    view = paused(approvalOf({ hash: 'b'.repeat(64) }))
    const changed = client.chat.completions.create(asking(undefined, question, said, { role: 'user', content: 'approve' }), {
      headers: mine,
    })
    await expect(changed).rejects.toMatchObject({
      status: 409,
      code: 'approval_outdated',
      error: { details: { hash: 'b'.repeat(64) } },
    })
    expect(gateway.session.decided).toEqual([])
  })

  it('sent once more finds the turn it decided about', async () => {
    const votes = [{ by: 'ann', decision: 'approve' as const, at: '2026-01-01T00:00:00Z' }]
    view = viewOf({
      status: 'completed',
      plan,
      answer: answerOf('Ann was told.'),
      approvals: [approvalOf({ status: 'approved', votes })],
    })
    const again = await client.chat.completions.create(say('approve'), { headers: { ...mine, 'Idempotency-Key': 'once' } })
    expect(again.choices[0]?.message.content).toBe('Ann was told.')
    expect(gateway.session.submitted).toEqual([])
  })
})

describe('a rejected answer', () => {
  it('is told politely, with the status of a failure', async () => {
    const problem = {
      code: 'conflict' as const,
      message: 'step "answer" was rejected by bob: too dear',
      isRetryable: false,
      details: { approvalId: id },
    }
    after = viewOf({ status: 'failed', plan, answer: answerOf('', { problem }) })
    for (const answer of await askBothWays(say('reject because it is too dear'), mine)) {
      expect(answer.choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { content: 'This was not done: step "answer" was rejected by bob: too dear.' },
      })
      expect(answer).toMatchObject({ weft: { status: 'failed' } })
    }
  })
})
