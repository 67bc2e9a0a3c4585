import { beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { eventually } from './mesh/paused-sessions.ts'
import { bodyOf, openAiClient, request, storeOf, weftOf } from './mesh/shared-mesh.ts'

const Step = z.looseObject({
  stepId: z.string(),
  status: z.string(),
  isReused: z.boolean().optional(),
  waitingFor: z.looseObject({ cause: z.string(), owner: z.string().optional(), deadline: z.string().optional() }).optional(),
})
const Session = z.looseObject({
  id: z.string(),
  status: z.string(),
  isPaused: z.boolean().optional(),
  turns: z.array(
    z.looseObject({ status: z.string(), steps: z.array(Step), answer: z.looseObject({ text: z.string() }).optional() }),
  ),
})
const Fork = Session.extend({ savedUsd: z.number() })
const Summaries = z.object({ data: z.array(z.looseObject({ id: z.string() })) })

let storeId: string

beforeAll(async () => {
  storeId = await storeOf('ferry', { 'ferry.md': 'The ferry to Ulva carried 80,000 passengers in 1998. It runs on diesel.\n' })
})

/** Search, then answer; with `deadlineMs` a person is asked before the answer. */
function asking(deadlineMs?: number) {
  const step = { agent: 'rag', params: {}, dependsOn: [] as string[], parallel: false }
  const approval = { reason: 'The answer is published.', assignees: ['role:editor'], timeoutMs: deadlineMs }
  const plan = {
    planId: 'ferry',
    schemaVersion: 1 as const,
    answerStepId: 'write',
    steps: [
      { ...step, stepId: 'find', capability: 'retrieve', params: { query: 'ferry to Ulva' } },
      {
        ...step,
        stepId: 'write',
        capability: 'answer',
        params: { question: 'How many passengers did the ferry carry?' },
        dependsOn: ['find'],
        ...(deadlineMs === undefined ? {} : { approval }),
      },
    ],
  }
  const messages = [{ role: 'user' as const, content: 'How many passengers did the ferry carry?' }]
  return { model: 'weft/auto', messages, weft: { vectorStoreIds: [storeId], plan } }
}

async function ask(more: { deadlineMs?: number; sessionId?: string } = {}): Promise<string> {
  const headers = more.sessionId === undefined ? {} : { 'X-Session-ID': more.sessionId }
  return weftOf(await openAiClient().chat.completions.create(asking(more.deadlineMs), { headers })).sessionId
}

const view = (id: string) => bodyOf(Session, request(`/v1/sessions/${id}`))
const act = (id: string, action: string, body: object = {}) =>
  request(`/v1/sessions/${id}/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

async function until(id: string, isSo: (session: z.infer<typeof Session>) => boolean): Promise<z.infer<typeof Session>> {
  let session = await view(id)
  await eventually(async () => {
    session = await view(id)
    return isSo(session)
  })
  return session
}

describe('a session that waits', () => {
  it('tells for what, on whom and until when, and is listed under its status', async () => {
    const id = await ask({ deadlineMs: 3_600_000 })
    const { turns } = await view(id)
    expect(turns[0]?.steps.map(({ stepId, status }) => [stepId, status])).toEqual([
      ['find', 'succeeded'],
      ['write', 'awaiting_approval'],
    ])
    expect(turns[0]?.steps[1]?.waitingFor).toEqual({
      cause: expect.stringContaining('The answer is published.'),
      owner: 'role:editor',
      deadline: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    await expectListed(id, 'awaiting_approval')
    expect(await (await request(`/v1/sessions/${id}/graph`)).text()).toMatch(
      /^flowchart TD\n.*:::succeeded\n.*awaiting_approval\n {2}s0 --> s1/,
    )
  })
})

describe('a paused session', () => {
  it('begins nothing new until it is resumed', async () => {
    const id = `sess_paused_${Date.now()}`
    await ask({ sessionId: id })
    expect(await bodyOf(Session, act(id, 'pause'))).toMatchObject({ isPaused: true })
    const answer = ask({ sessionId: id })
    const held = await until(id, ({ turns }) => turns.length === 2)
    expect(held.turns[1]?.answer).toBeUndefined()
    expect((await act(id, 'resume')).status).toBe(200)
    await answer
    expect((await view(id)).turns[1]?.answer?.text).toContain('80,000')
  })
})

describe('a fork', () => {
  it('takes finished outputs over, runs the rest again, and tells what that saves', async () => {
    const source = await ask()
    const fork = await bodyOf(Fork, act(source, 'fork', { fromStep: 'write' }))
    expect(fork.id).not.toBe(source)
    expect(fork.savedUsd).toBeGreaterThanOrEqual(0)
    const done = await until(fork.id, ({ turns }) => turns[0]?.answer !== undefined)
    expect(done.turns[0]?.answer?.text).toContain('80,000')
    expect(done.turns[0]?.steps.map(({ stepId, isReused = false }) => [stepId, isReused])).toEqual([
      ['find', true],
      ['write', false],
    ])
    expect(done.turns[0]).toMatchObject({ forkedFrom: { sessionId: source, turn: 1, fromStep: 'write', stepsReused: 1 } })
    expect((await act(source, 'fork', { fromStep: 'nothing' })).status).toBe(400)
  })
})

describe('a session as a document', () => {
  it('is JSON, Markdown or PDF', async () => {
    const id = await ask()
    await until(id, ({ status }) => status === 'completed')
    expect(await bodyOf(Session, request(`/v1/sessions/${id}/export`))).toMatchObject({ id })
    expect(await (await request(`/v1/sessions/${id}/export?format=md`)).text()).toContain('80,000')
    const pdf = Buffer.from(await (await request(`/v1/sessions/${id}/export?format=pdf`)).arrayBuffer())
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
  })
})

describe('a deleted session', () => {
  it('is unknown from then on, its streams end, and deleting it again is the same', async () => {
    const id = await ask({ deadlineMs: 3_600_000 })
    const events = request(`/v1/sessions/${id}/events?follow=true`).then((response) => response.text())
    const headers = { 'X-Session-ID': id }
    const waiting = openAiClient().chat.completions.create(
      { ...asking(), weft: { ...asking().weft, approval: 'wait' } } as never,
      { headers },
    )
    const refused = expect(waiting).rejects.toMatchObject({ status: 410 })
    await until(id, ({ turns }) => turns.length === 2)
    for (let repeat = 0; repeat < 2; repeat += 1)
      expect(await (await request(`/v1/sessions/${id}`, { method: 'DELETE' })).json()).toEqual({
        id,
        object: 'session',
        deleted: true,
      })
    expect(await events).toContain('"code":"gone"')
    await refused
    expect((await request(`/v1/sessions/${id}`)).status).toBe(404)
    expect((await request(`/v1/sessions/${id}/messages`)).status).toBe(404)
    expect((await request(`/v1/sessions/none-${id}`, { method: 'DELETE' })).status).toBe(404)
  })
})

async function expectListed(id: string, status: string): Promise<void> {
  await eventually(async () => {
    const { data } = await bodyOf(Summaries, request(`/v1/sessions?status=${status}&limit=100`))
    return data.some((session) => session.id === id)
  })
}
