import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { createFileReader } from '@weft/retrieval'
import { approvalOf } from '../testing/approvals.ts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { plan, viewOf } from '../testing/turns.ts'

let gateway: TestGateway
let messages: typeof conversation
/** What the log knows; a deleted session's is empty. */
let events: number[]
let isListed: boolean
const at = '2026-01-01T00:00:00Z'
const listed = { object: 'session' as const, status: 'running', title: '', createdAt: at, updatedAt: at, lastSeq: 2 }

beforeEach(async () => {
  events = [1, 2]
  isListed = false
  messages = conversation
  gateway = await startGateway({
    log: {
      list: async () => ({ data: [], hasMore: false }),
      isDeleted: async () => false,
      find: async ({ sessionId: id }) => (isListed ? { ...listed, id } : undefined),
      eventsAfter: async ({ sessionId }, after) =>
        events
          .filter((seq) => seq > after)
          .map((seq) => ({ seq, at: '2026-01-01T00:00:00Z', type: 'step.progress', sessionId, turn: 1 })),
      turnEnds: async () => [],
      eventsOfTurn: async () => [],
      asked: async () => [],
      tail: async () => ({ lastSeq: events.at(-1) ?? 0, openTurns: events.length > 0 ? 1 : 0 }),
      async messages(_session, { limit, after }) {
        const rest = messages.filter(
          ({ turn, role }) =>
            after === undefined || turn > after.turn || (turn === after.turn && role !== 'user' && after.part === 0),
        )
        return { data: rest.slice(0, limit), hasMore: rest.length > limit }
      },
    },
  })
  const decision = { status: 'approved' as const, by: 'ann', at: '2026-01-01T00:01:00Z', comment: 'fine' }
  const steps = ['retrieve', 'answer'].map((stepId, index) => ({
    stepId,
    agent: 'rag',
    capability: stepId,
    dependsOn: index === 0 ? [] : ['retrieve'],
    status: 'succeeded' as const,
    attempt: 1,
    costUsd: 0,
  }))
  gateway.session.onView = () =>
    viewOf({ status: 'completed', plan, steps, approvals: [approvalOf({ status: 'approved', decision })] })
})
afterEach(() => gateway.stop())

const citation = {
  index: 1,
  fileId: 'file_1',
  filename: 'sky.md',
  quote: 'Air scatters\nblue.',
  start: 0,
  end: 18,
  score: 1,
  verified: true,
}
const conversation = [
  { id: '1.user', turn: 1, role: 'user', at: '2026-01-01T00:00:00Z', content: 'Why is the sky blue? Почему?' },
  {
    id: '1.assistant',
    turn: 1,
    role: 'assistant',
    at: '2026-01-01T00:02:00Z',
    content: 'Because of scattering [1].',
    citations: [citation],
  },
]

function turnMessages(turn: number, content: string): typeof conversation {
  const at = '2026-01-01T00:00:00Z'
  return ['user', 'assistant'].map((role) => ({ id: `${turn}.${role}`, turn, role, at, content }))
}

describe('a session', () => {
  it.each(['pause', 'resume'])('can be told to %s, and answers as it is then', async (method) => {
    const response = await gateway.request(`/v1/sessions/sess_1/${method}`, { method: 'POST' })
    expect(await response.json()).toMatchObject({ id: 'sess_1', object: 'session' })
    expect(gateway.session.called).toEqual([method])
  })

  it('is drawn as a Mermaid flowchart', async () => {
    const response = await gateway.request('/v1/sessions/sess_1/graph')
    expect(response.headers.get('content-type')).toContain('text/vnd.mermaid')
    expect(await response.text()).toMatch(/^flowchart TD\n {2}s0\["retrieve.*:::succeeded\n {2}s1\(\[.*\n {2}s0 --> s1\n/)
    expect((await gateway.request('/v1/sessions/sess_1/graph?turn=7')).status).toBe(404)
  })
})

describe('a fork', () => {
  const fork = (body: object, headers: Record<string, string> = {}) =>
    gateway.request('/v1/sessions/sess_1/fork', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const asked = {
    model: 'weft/auto',
    messages: [{ role: 'user' as const, content: 'Why?' }],
    modelOptions: {},
    vectorStoreIds: ['vs_7'],
    options: {},
  }

  beforeEach(() => {
    gateway.session.onSeed = (wish) => {
      const { fromStep } = wish
      const from = { sessionId: 'sess_1', turn: wish.turn ?? 1, ...(fromStep === undefined ? {} : { fromStep }) }
      return { seed: { from, plan, finished: {}, savedUsd: 0.25 }, request: asked }
    }
  })

  it('is a new session that is asked the same, from a step, and tells what it saves', async () => {
    const response = await fork({ fromStep: 'answer', turn: 2 })
    expect(await response.json()).toMatchObject({ object: 'session', savedUsd: 0.25 })
    expect(gateway.session.submitted).toMatchObject([
      {
        messages: asked.messages,
        vectorStoreIds: ['vs_7'],
        seed: { from: { turn: 2, fromStep: 'answer' } },
        sessionId: expect.stringMatching(/^sess_/),
      },
    ])
    expect(gateway.session.submitted[0]?.sessionId).not.toBe('sess_1')
  })

  it('is one session under one Idempotency-Key, and another otherwise', async () => {
    for (const key of ['k', 'k', 'l']) await fork({}, { 'idempotency-key': key })
    await fork({})
    const ids = gateway.session.submitted.map(({ sessionId }) => sessionId)
    expect(ids[1]).toBe(ids[0])
    expect(new Set(ids).size).toBe(3)
  })

  it('that was refused is cancelled if it has begun all the same, unless its key finds it again', async () => {
    const impatient = await startGateway({ patienceMs: 30 })
    const { session } = impatient
    const cancelled: string[] = []
    session.onSeed = gateway.session.onSeed
    session.submit = async () => Promise.reject(new WeftError('dependency_unavailable', 'the orchestrator is away'))
    session.cancelRequest = async ({ sessionId }, key) => cancelled.push(`${sessionId.slice(0, 5)} ${key}`) > 0
    for (const headers of [{ 'idempotency-key': 'k' }, {}])
      expect((await impatient.request('/v1/sessions/sess_1/fork', { method: 'POST', headers })).status).toBe(503)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(cancelled).toEqual(['sess_ fork'])
    await impatient.stop()
  })

  it('of what cannot be forked is refused', async () => {
    expect((await fork({ step: 'answer' })).status).toBe(400)
    gateway.session.onSeed = () => {
      throw new WeftError('invalid_request', 'turn 1 has no step "x"', { param: 'fromStep' })
    }
    expect((await fork({ fromStep: 'x' })).status).toBe(400)
  })
})

describe('a session as a document', () => {
  it('is Markdown with questions, decisions, answers and their quotes', async () => {
    const response = await gateway.request('/v1/sessions/sess_1/export?format=md')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename=sess_1.md')
    const text = await response.text()
    const parts = [
      '# Session sess_1',
      '## Question 1',
      'Why is the sky blue?',
      '- send: that mailer does "send" was approved by ann',
      '## Answer 1',
      '> Air scatters blue.\n>\n> [1] sky.md',
    ]
    const places = parts.map((part) => text.indexOf(part))
    expect(places.every((place, index) => place > (places[index - 1] ?? -1))).toBe(true)
  })

  it('holds a long conversation whole', async () => {
    messages = Array.from({ length: 150 }, (_, index) => turnMessages(index + 1, 'short')).flat()
    const document: unknown = await (await gateway.request('/v1/sessions/sess_1/export')).json()
    expect(document).toMatchObject({ messages: messages.map(({ id }) => ({ id })), hasMoreMessages: false })
  })

  it('ends before it is too large to make, and says that there is more', async () => {
    messages = [1, 2, 3].flatMap((turn) => turnMessages(turn, 'x'.repeat(7_000_000)))
    const text = await (await gateway.request('/v1/sessions/sess_1/export?format=md')).text()
    expect(text.slice(text.lastIndexOf('## ')).slice(0, 11)).toBe('## Answer 1')
    expect(text.slice(-90)).toMatch(/x\n\n_The document ends here: the session goes on at \/v1\/sessions\/sess_1\/messages_\n$/)
  })

  it('is a PDF whose text can be read again, in other alphabets too', async () => {
    const response = await gateway.request('/v1/sessions/sess_1/export?format=pdf')
    expect(response.headers.get('content-type')).toBe('application/pdf')
    const reader = createFileReader()
    const bytes = Buffer.from(await response.arrayBuffer())
    const read = await reader.read({ file: { filename: 'sess_1.pdf', bytes }, chunking: { type: 'auto' } })
    await reader.stop()
    for (const part of ['Question 1', 'Why is the sky blue? Почему?', 'approved by ann', 'Air scatters blue.'])
      expect(read.text).toContain(part)
  })
})

describe('the events of a session', () => {
  it('come from the log at once, also while the session itself does not answer', async () => {
    gateway.session.view = () => new Promise(() => {})
    gateway.session.attach = () => new Promise(() => {})
    isListed = true
    const abort = new AbortController()
    const stream = await gateway.request('/v1/sessions/sess_1/events', { signal: abort.signal })
    const { value } = (await stream.body?.getReader().read()) ?? {}
    expect(new TextDecoder().decode(value)).toContain('"seq":1')
    abort.abort()
  })
})

describe('a deleted session', () => {
  it('is gone at once, and its followed events end saying so', async () => {
    const stream = await gateway.request('/v1/sessions/sess_1/events?follow=true')
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const readOn = async () => {
      const piece = await reader?.read()
      text += piece?.value ?? ''
      return piece?.done === false
    }
    while (!text.includes('"seq":2') && (await readOn()));
    events = []
    const response = await gateway.request('/v1/sessions/sess_1', { method: 'DELETE' })
    expect(await response.json()).toEqual({ id: 'sess_1', object: 'session', deleted: true })
    expect(gateway.session.called).toEqual(['delete'])
    while (await readOn());
    expect(text).toMatch(/"seq":2.*\n\ndata: \{"error":\{"message":"session sess_1 was deleted".*"code":"gone"/s)
  })
})
