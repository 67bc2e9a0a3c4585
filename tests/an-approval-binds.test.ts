import { beforeAll, describe, expect, it } from '@jest/globals'
import type OpenAI from 'openai'
import { z } from 'zod'
import { bodyOf, openAiClient, request, storeOf, WeftAnswer } from './mesh/shared-mesh.ts'

const Key = z.object({ key: z.string() })
const Approval = z.looseObject({
  id: z.string(),
  status: z.string(),
  hash: z.string(),
  isRepeat: z.boolean().optional(),
  votes: z.array(z.looseObject({ by: z.string() })),
  decision: z.looseObject({ by: z.string(), changes: z.array(z.unknown()).optional() }).optional(),
})
const Refusal = z.object({ error: z.looseObject({ code: z.string(), message: z.string(), details: z.unknown().optional() }) })

let storeId: string
let keyCount = 0

beforeAll(async () => {
  storeId = await storeOf('mill', {
    'mill.md': 'The mill at Corrie was built in 1790. Its wheel was made of oak.\n',
    'bridge.md': 'The bridge at Corrie was built in 1854. Its arches are of granite.\n',
  })
}, 60_000)

interface Ask {
  assignees?: string[]
  quorum?: number
}

/** A search that needs an approval, or several of them, and an answer from what it found; `isAnswerAsked` asks before the answer instead. */
function asking(ask: Ask & { mode?: 'return' | 'wait' | 'tool_call'; isAnswerAsked?: boolean; searches?: number } = {}) {
  const { mode, isAnswerAsked = false, searches = 1, ...rule } = ask
  const approval = { reason: 'Searching costs money.', risk: 'medium' as const, ...rule }
  const step = { agent: 'rag', params: {}, dependsOn: [] as string[], parallel: false }
  const names = Array.from({ length: searches }, (_, index) => `search${index + 1}`)
  const found = names.map((stepId) => {
    const asked = isAnswerAsked ? {} : { approval }
    return { ...step, stepId, capability: 'retrieve', params: { query: 'mill at Corrie' }, parallel: searches > 1, ...asked }
  })
  const write = {
    ...step,
    stepId: 'write',
    capability: 'answer',
    params: { question: 'What was built at Corrie, and when?' },
    dependsOn: names,
  }
  const plan = {
    planId: 'asked',
    schemaVersion: 1 as const,
    answerStepId: 'write',
    steps: [...found, isAnswerAsked ? { ...write, approval } : write],
  }
  return {
    model: 'weft/auto',
    messages: [{ role: 'user' as const, content: 'What was built at Corrie, and when?' }],
    weft: { vectorStoreIds: [storeId], plan, ...(mode === undefined ? {} : { approval: mode }) },
  }
}

const PausedAnswer = WeftAnswer.extend({ approvals: z.array(z.looseObject({ id: z.string(), hash: z.string() })) })

function pausedOf(answer: object): z.infer<typeof PausedAnswer> {
  return PausedAnswer.parse(Reflect.get(answer, 'weft'))
}

async function begin(ask: Parameters<typeof asking>[0] = {}) {
  const weft = pausedOf(await openAiClient().chat.completions.create(asking(ask)))
  const [approval] = weft.approvals
  if (approval === undefined) throw new Error('nothing is asked')
  return { ...approval, ids: weft.approvals.map(({ id }) => id), sessionId: weft.sessionId }
}

/** A key under a name that no other test uses. */
async function makeKey(
  more: { scopes?: string[]; roles?: string[]; tenant?: string } = {},
): Promise<{ name: string; key: string }> {
  keyCount += 1
  const name = `approver ${Date.now()}-${keyCount}`
  const { key } = await bodyOf(Key, post('/v1/keys', { name, scopes: ['chat', 'approve'], ...more }))
  return { name, key }
}

function post(path: string, body: object, key?: string): Promise<Response> {
  return request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(key === undefined ? {} : { key }),
  })
}

async function refusalOf(response: Response) {
  return { status: response.status, ...(await bodyOf(Refusal, response)).error }
}

async function answerOf(sessionId: string): Promise<{ status: string; text: string }> {
  const Session = z.looseObject({
    turns: z.array(z.looseObject({ status: z.string(), answer: z.looseObject({ text: z.string() }).optional() })),
  })
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const { turns } = await bodyOf(Session, request(`/v1/sessions/${sessionId}`))
    const turn = turns.at(-1)
    if (turn?.answer !== undefined) return { status: turn.status, text: turn.answer.text }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`session ${sessionId} gives no answer`)
}

function contentOf(answer: OpenAI.ChatCompletion): string {
  return answer.choices[0]?.message.content ?? ''
}

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
  }, 30_000)

  it('is told no with "reject because …", and says so in its answer', async () => {
    const { sessionId } = await begin({ isAnswerAsked: true })
    const next = { model: 'weft/auto', messages: [{ role: 'user' as const, content: 'reject because it is too dear' }] }
    const refused = await openAiClient().chat.completions.create(next, { headers: { 'X-Session-ID': sessionId } })
    expect(contentOf(refused)).toContain('too dear')
    expect(pausedOf(refused).status).toBe('failed')
    expect(refused.choices[0]?.finish_reason).toBe('stop')
  }, 30_000)

  it('waits on the open stream for somebody else’s decision', async () => {
    const sessionId = `sess_wait_${Date.now()}`
    const stream = openAiClient().chat.completions.stream(asking({ mode: 'wait' }), { headers: { 'X-Session-ID': sessionId } })
    const answer = stream.finalContent()
    await untilPending(sessionId)
    expect((await post(`/approvals/${sessionId}/approve`, {})).status).toBe(200)
    expect(await answer).toContain('1790')
  }, 30_000)

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
  }, 30_000)

  it('holds the next ordinary message up, and says for what', async () => {
    const { id, sessionId } = await begin()
    const next = { model: 'weft/auto', messages: [{ role: 'user' as const, content: 'What are its arches of?' }] }
    const held = await openAiClient().chat.completions.create(next, { headers: { 'X-Session-ID': sessionId } })
    expect(contentOf(held)).toContain('This message is next')
    expect(pausedOf(held).approvals.map((approval) => approval.id)).toEqual([id])
  }, 30_000)
})

describe('a decision over the API', () => {
  it('is taken once: the same again is the first one, another is told by whom it was', async () => {
    const { id, sessionId } = await begin()
    const ann = await makeKey()
    expect(await bodyOf(Approval, post(`/approvals/${id}/approve`, {}, ann.key))).toMatchObject({
      status: 'approved',
      isRepeat: false,
    })
    expect(await bodyOf(Approval, post(`/approvals/${id}/approve`, {}))).toMatchObject({
      decision: { by: ann.name },
      isRepeat: true,
    })
    const other = await refusalOf(await post(`/approvals/${id}/reject`, { reason: 'no' }))
    expect(other).toMatchObject({ status: 409, code: 'conflict', details: { decision: { by: ann.name } } })
    expect(other.message).toContain(ann.name)
    expect((await answerOf(sessionId)).text).toContain('1790')
  }, 30_000)

  it('may change the arguments: what is done is what was approved, with the change and a new estimate on record', async () => {
    const { id, sessionId } = await begin()
    const modified = await bodyOf(Approval, post(`/approvals/${id}/modify`, { params: { query: 'bridge at Corrie granite' } }))
    expect(modified).toMatchObject({
      status: 'modified',
      decision: {
        changes: [expect.objectContaining({ after: 'bridge at Corrie granite' })],
        estimate: { costUsd: expect.anything() },
      },
    })
    expect((await answerOf(sessionId)).text).toContain('1854')
  }, 30_000)

  it('counts only for what was shown', async () => {
    const { id, hash } = await begin()
    const outdated = await refusalOf(await post(`/approvals/${id}/approve`, { hash: '0'.repeat(64) }))
    expect(outdated).toMatchObject({ status: 409, code: 'approval_outdated', details: { hash } })
    expect((await post(`/approvals/${id}/approve`, { hash })).status).toBe(200)
  }, 30_000)

  it('takes a quorum of those who are asked, each counted once', async () => {
    const { id } = await begin({ assignees: ['role:board'], quorum: 2 })
    const [one, two, stranger] = [
      await makeKey({ roles: ['board'] }),
      await makeKey({ roles: ['board'] }),
      await makeKey({ roles: ['sales'] }),
    ]
    expect(await refusalOf(await post(`/approvals/${id}/approve`, {}, stranger.key))).toMatchObject({ status: 403 })
    const chatOnly = await makeKey({ scopes: ['chat'], roles: ['board'] })
    expect(await refusalOf(await post(`/approvals/${id}/approve`, {}, chatOnly.key))).toMatchObject({ status: 403 })
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const voted = await bodyOf(Approval, post(`/approvals/${id}/approve`, {}, one.key))
      expect(voted).toMatchObject({ status: 'pending', votes: [{ by: one.name }], isRepeat: repeat === 1 })
    }
    expect(await bodyOf(Approval, post(`/approvals/${id}/approve`, {}, two.key))).toMatchObject({ status: 'approved' })
  }, 30_000)

  it('of another tenant does not exist for it', async () => {
    const { id, sessionId } = await begin()
    const foreign = await makeKey({ tenant: 'elsewhere' })
    expect(await refusalOf(await post(`/approvals/${id}/approve`, {}, foreign.key))).toMatchObject({ status: 404 })
    expect(await refusalOf(await post(`/approvals/${sessionId}/approve`, {}, foreign.key))).toMatchObject({ status: 404 })
    expect(await refusalOf(await request(`/approvals/${id}`, { key: foreign.key }))).toMatchObject({ status: 404 })
    expect(await bodyOf(Approval, request(`/approvals/${id}`))).toMatchObject({ status: 'pending' })
  }, 30_000)

  it('comes in batches, each with its own result; a session id stands for its only approval', async () => {
    const { ids, sessionId } = await begin({ searches: 2 })
    const several = await refusalOf(await post(`/approvals/${sessionId}/approve`, {}))
    expect(several).toMatchObject({ status: 409, details: { approvals: ids } })
    const decisions = [
      { id: ids[0], action: 'approve' },
      { id: 'appr_none.1', action: 'approve' },
      { id: ids[1], action: 'reject', reason: 'once is enough' },
    ]
    const Results = z.object({ data: z.array(z.looseObject({ status: z.number() })) })
    const { data } = await bodyOf(Results, post('/approvals/batch', { decisions }))
    expect(data.map(({ status }) => status)).toEqual([200, 404, 200])
    expect((await answerOf(sessionId)).text).toContain('1790')
  }, 30_000)

  it('is taken once on the page that a link opens, by whoever holds the link', async () => {
    const { id, sessionId } = await begin()
    const { url } = await bodyOf(z.object({ url: z.string() }), post(`/approvals/${id}/link`, {}))
    for (let read = 0; read < 2; read += 1) expect(await (await fetch(url)).text()).toContain('mill at Corrie')
    expect(await bodyOf(Approval, request(`/approvals/${id}`))).toMatchObject({ status: 'pending' })
    const { origin, pathname, searchParams } = new URL(url)
    const submit = () => {
      const body = new URLSearchParams({ token: searchParams.get('token') ?? '', decision: 'approve' })
      return fetch(`${origin}${pathname}`, { method: 'POST', body })
    }
    expect((await submit()).status).toBe(200)
    expect((await submit()).status).toBe(410)
    expect((await answerOf(sessionId)).text).toContain('1790')
  }, 30_000)

  it('is taken as Agent Inbox and LangChain give it', async () => {
    const [inbox, langchain] = [await begin(), await begin()]
    expect((await post(`/approvals/${inbox.id}/decide`, [{ type: 'accept', args: null }])).status).toBe(200)
    expect((await post(`/approvals/${langchain.id}/decide`, { decisions: [{ type: 'reject', message: 'no' }] })).status).toBe(200)
    expect(await bodyOf(Approval, request(`/approvals/${langchain.id}`))).toMatchObject({ status: 'rejected' })
  }, 30_000)
})

async function untilPending(sessionId: string): Promise<void> {
  const Session = z.looseObject({ status: z.string() })
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const response = await request(`/v1/sessions/${sessionId}`)
    if (response.ok && (await bodyOf(Session, response)).status === 'awaiting_approval') return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`session ${sessionId} does not wait for an approval`)
}
