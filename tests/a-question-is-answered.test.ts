import { beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { eventually } from './mesh/paused-sessions.ts'
import { bodyOf, openAiClient, request, SessionBody, storeOf, type WeftAnswer, weftOf } from './mesh/shared-mesh.ts'

const Messages = z.object({ data: z.array(z.looseObject({ role: z.string() })) })

const lighthouse = `# The Lighthouse at Skerry Point

The lighthouse at Skerry Point was built in 1871 by Agnes Mair. 💡 Its lamp burned colza oil until 1903.

## Keepers

The last keeper, Tomas Rell, left the tower in 1988 when the light was automated.
`
const harbour = 'The harbour at Skerry Point silted up in 1920. Dredging costs 40,000 crowns a year.\n'

let storeId: string

beforeAll(async () => {
  storeId = await storeOf('skerry', { 'lighthouse.md': lighthouse, 'harbour.txt': harbour })
})

const ask = (question: string) => ({
  model: 'weft/auto',
  messages: [{ role: 'user' as const, content: question }],
  weft: { vectorStoreIds: [storeId] },
})

describe('a question about the user’s documents', () => {
  it('is answered with citations whose quotes stand in the file at their offsets', async () => {
    const answer = await openAiClient().chat.completions.create(ask('Who built the lighthouse at Skerry Point?'))
    const weft = weftOf(answer)
    expect(answer.choices[0]?.message.content).toMatch(/Agnes Mair.*\[1\]/s)
    expect(weft.status).toBe('completed')
    expect(weft.degraded).toContain('offline_model')
    expect(weft.citations.length).toBeGreaterThan(0)
    for (const citation of weft.citations) {
      const text = await (await openAiClient().files.content(citation.fileId)).text()
      expect([...text].slice(citation.start, citation.end).join('')).toBe(citation.quote)
    }
  })

  it('streams the same answer, with progress beside it and the citations on the last content chunk', async () => {
    const whole = await openAiClient().chat.completions.create(ask('When did the last keeper leave?'))
    const stream = await openAiClient().chat.completions.create({
      ...ask('When did the last keeper leave?'),
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let progress = ''
    let citations: unknown
    let usage: unknown
    const finishes: (string | null)[] = []
    for await (const chunk of stream) {
      const choice = chunk.choices[0]
      text += choice?.delta.content ?? ''
      progress += String(Reflect.get(choice?.delta ?? {}, 'reasoning_content') ?? '')
      if (Reflect.has(chunk, 'weft')) citations = weftOf(chunk).citations
      if (choice?.finish_reason) finishes.push(choice.finish_reason)
      usage = chunk.usage ?? usage
    }
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(text).toMatch(/Tomas Rell.*1988.*\[1\]/s)
    expect(progress).not.toBe('')
    expect(citations).toEqual(weftOf(whole).citations)
    expect(finishes).toEqual(['stop'])
    expect(usage).toMatchObject({ total_tokens: expect.any(Number) })
  })

  it('without evidence says so, and cites nothing', async () => {
    const answer = await openAiClient().chat.completions.create(ask('What is the boiling point of tungsten hexafluoride?'))
    expect(weftOf(answer)).toMatchObject({ citations: [], degraded: expect.arrayContaining(['no_evidence', 'offline_model']) })
  })

  it('is told as a session: steps, events in order without gaps, messages', async () => {
    const answer = await openAiClient().chat.completions.create(ask('What does dredging cost?'))
    const { sessionId } = weftOf(answer)
    const session = await bodyOf(SessionBody, request(`/v1/sessions/${sessionId}`))
    expect(session.turns[0]?.steps.map((step) => [step.stepId, step.status])).toEqual([
      ['retrieve', 'succeeded'],
      ['answer', 'succeeded'],
    ])
    const events = await (await request(`/v1/sessions/${sessionId}/events`)).text()
    const ids = [...events.matchAll(/^id: ?(\d+)$/gm)].map((match) => Number(match[1]))
    expect(ids.length).toBeGreaterThanOrEqual(7)
    expect(ids).toEqual(ids.map((_, index) => index + 1))
    const resumed = await (await request(`/v1/sessions/${sessionId}/events`, { headers: { 'last-event-id': '4' } })).text()
    expect([...resumed.matchAll(/^id: ?(\d+)$/gm)].map((match) => Number(match[1]))).toEqual(ids.slice(4))
    const messages = await bodyOf(Messages, request(`/v1/sessions/${sessionId}/messages`))
    expect(messages.data.map((message) => message.role)).toEqual(['user', 'assistant'])
  })

  it('can be continued: the session remembers what was said', async () => {
    const first = await openAiClient().chat.completions.create(ask('When was the lighthouse built?'))
    const { sessionId } = weftOf(first)
    const second = await openAiClient().chat.completions.create(ask('Who was its last keeper?'), {
      headers: { 'X-Session-ID': sessionId },
    })
    expect(weftOf(second)).toMatchObject({ sessionId, turn: 2 })
  })
})

describe('workflows', () => {
  it('compare runs parallel retrievals and a synthesis', async () => {
    const answer = await openAiClient().chat.completions.create(ask('Compare the lighthouse with the harbour'))
    const session = await bodyOf(SessionBody, request(`/v1/sessions/${weftOf(answer).sessionId}`))
    const steps = session.turns[0]?.steps ?? []
    expect(steps.map((step) => step.capability)).toEqual(['retrieve', 'retrieve', 'synthesize'])
    expect(steps.every((step) => step.status === 'succeeded')).toBe(true)
    expect(new Set(weftOf(answer).citations.map((citation) => citation.filename))).toEqual(
      new Set(['lighthouse.md', 'harbour.txt']),
    )
  })

  it('run a plan the client brings, and refuse an unsound one with its step named', async () => {
    const step = (stepId: string, more: object) => ({
      stepId,
      agent: 'rag',
      capability: 'retrieve',
      params: {},
      dependsOn: [],
      parallel: false,
      ...more,
    })
    const plan = {
      planId: 'mine',
      schemaVersion: 1,
      answerStepId: 'write',
      steps: [
        step('light', { params: { query: 'lighthouse lamp oil' }, parallel: true }),
        step('harbour', { params: { query: 'harbour dredging' }, parallel: true }),
        step('write', {
          capability: 'answer',
          params: { question: 'What burned in the lamp?' },
          dependsOn: ['light', 'harbour'],
        }),
      ],
    }
    const body = { ...ask('What burned in the lamp?'), weft: { vectorStoreIds: [storeId], plan } }
    const answer = await openAiClient().chat.completions.create(body)
    expect(answer.choices[0]?.message.content).toContain('colza oil')

    const cyclic = {
      ...plan,
      steps: [step('write', { dependsOn: ['light'] }), step('light', { dependsOn: ['write'] }), step('free', {})],
    }
    const refused = await request('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, weft: { plan: cyclic } }),
    })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({
      error: { param: expect.stringContaining('write'), message: expect.stringContaining('cycle') },
    })
  })

  it('a repeated Idempotency-Key attaches to the same turn', async () => {
    const headers = { 'Idempotency-Key': `key-${Date.now()}` }
    const [first, second] = await Promise.all(
      [1, 2].map(() => openAiClient().chat.completions.create(ask('Who built it?'), { headers })),
    )
    expect(weftOf(second ?? {})).toMatchObject({ sessionId: weftOf(first ?? {}).sessionId, turn: 1 })
    const third = await openAiClient().chat.completions.create(ask('Who built it?'), { headers })
    expect(third.choices[0]?.message.content).toBe(first?.choices[0]?.message.content)
    expect(weftOf(third).turn).toBe(1)
    const other = openAiClient().chat.completions.create(ask('Who sold it?'), { headers })
    await expect(other).rejects.toMatchObject({ status: 409, param: 'Idempotency-Key' })
  })
})

describe('an answer that was given before', () => {
  const user = `ann-${Date.now()}`
  let storeId: string
  const messages = [{ role: 'user' as const, content: 'When did the ferry to Skerry begin?' }]
  const question = () => ({ model: 'weft/auto', user, messages, weft: { vectorStoreIds: [storeId], cache: true } })
  const told = async () => {
    const { data, response } = await openAiClient().chat.completions.create(question()).withResponse()
    return { use: response.headers.get('x-weft-cache'), answer: data, weft: weftOf(data) }
  }
  const whatCounts = ({ citations, degraded, status }: WeftAnswer) => ({ citations, degraded, status })

  it('is given again with its citations, in a session of its own that goes on, until a document comes', async () => {
    storeId = await storeOf('ferry', { 'ferry.md': 'The ferry to Skerry began in 1931. It carried forty people.\n' })
    const first = await told()
    // Kept once it has been sent.
    await eventually(async () => (await told()).use === 'hit')
    const again = await told()
    expect([first.use, again.use]).toEqual(['miss', 'hit'])
    expect(again.answer.choices[0]?.message.content).toBe(first.answer.choices[0]?.message.content)
    expect(whatCounts(again.weft)).toEqual(whatCounts(first.weft))
    expect(again.weft.citations.length).toBeGreaterThan(0)
    expect([again.answer.usage?.total_tokens, again.weft.costUsd]).toEqual([0, 0])
    expect(again.weft.sessionId).not.toBe(first.weft.sessionId)
    const chunks = await openAiClient().chat.completions.create({ ...question(), stream: true })
    let text = ''
    for await (const chunk of chunks) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe(first.answer.choices[0]?.message.content)
    const saved = () =>
      bodyOf(z.looseObject({ data: z.array(z.unknown()) }), request(`/v1/usage/calls?user=${user}&outcome=cached`))
    await eventually(async () => (await saved()).data.length > 0)
    const next = await openAiClient().chat.completions.create(ask('How many people did it carry?'), {
      headers: { 'X-Session-ID': again.weft.sessionId },
    })
    expect(weftOf(next)).toMatchObject({ sessionId: again.weft.sessionId, turn: 2 })
    await openAiClient().vectorStores.files.uploadAndPoll(storeId, new File(['The ferry ended in 1960.'], 'end.md'), {
      pollIntervalMs: 50,
    })
    expect((await told()).use).toBe('miss')
  })
})
