import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import type { FollowedProgram } from './mesh/followed-program.ts'
import { joinScriptedAgent } from './mesh/join-scripted-agent.ts'
import { eventually, post } from './mesh/paused-sessions.ts'
import { bodyOf, request, storeOf, WeftAnswer } from './mesh/shared-mesh.ts'

const Step = z.looseObject({
  stepId: z.string(),
  status: z.string(),
  isReused: z.boolean().optional(),
  childSessionId: z.string().optional(),
})
const Turn = z.looseObject({
  status: z.string(),
  planVersion: z.number(),
  versions: z.looseObject({ agents: z.record(z.string(), z.string()) }),
  plan: z.looseObject({ steps: z.array(z.looseObject({ stepId: z.string(), addedBy: z.string().optional() })) }),
  steps: z.array(Step),
  approvals: z.array(z.looseObject({ id: z.string(), sessionId: z.string() })).optional(),
  answer: z.looseObject({ text: z.string(), costUsd: z.number() }).optional(),
})
const Session = z.looseObject({ id: z.string(), isPaused: z.boolean().optional(), turns: z.array(Turn) })
const Answer = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })), weft: WeftAnswer })

let agent: FollowedProgram

beforeAll(async () => {
  agent = await joinScriptedAgent('scripted', '2.5.0')
})

afterAll(() => agent.end('SIGTERM', 60_000))

const step = (stepId: string, params: object, more: object = {}) => ({
  stepId,
  agent: 'scripted',
  capability: 'work',
  params,
  ...more,
})
const planOf = (steps: { stepId: string }[]) => ({
  planId: 'changing',
  schemaVersion: 1,
  answerStepId: steps.at(-1)?.stepId,
  steps,
})

async function ask(steps: { stepId: string }[], weft: object = {}, content = 'Go on.') {
  const body = { model: 'weft/auto', messages: [{ role: 'user', content }], weft: { plan: planOf(steps), ...weft } }
  const response = await post('/v1/chat/completions', body)
  return bodyOf(Answer, response)
}

const view = (id: string) => bodyOf(Session, request(`/v1/sessions/${id}`))
const lastTurn = async (id: string) => Turn.parse((await view(id)).turns.at(-1))

describe('a plan that grows', () => {
  const grown = [
    step('left', { say: 'left', costUsd: 0.25 }),
    step('right', { say: 'right', costUsd: 0.25 }),
    step('both', { say: 'both' }, { dependsOn: ['left', 'right'] }),
  ]
  const growing = [step('scout', { say: 'scout', adds: grown }), step('answer', { say: 'done' }, { dependsOn: ['scout'] })]

  it('runs what a result adds before what waits for it, and tells so in its log', async () => {
    const { weft, choices } = await ask(growing)
    expect(choices[0]?.message.content).toBe('done')
    const turn = await lastTurn(weft.sessionId)
    expect(turn.planVersion).toBe(2)
    expect(turn.plan.steps.map(({ stepId, addedBy }) => [stepId, addedBy])).toEqual([
      ['scout', undefined],
      ['answer', undefined],
      ...['left', 'right', 'both'].map((stepId) => [stepId, 'scout']),
    ])
    const log = await (await request(`/v1/sessions/${weft.sessionId}/events`)).text()
    const events = [...log.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''))
    expect(events.filter(({ type }) => type === 'plan.ready').map(({ planVersion }) => planVersion)).toEqual([1, 2])
    const order = events.filter(({ type }) => type === 'step.succeeded').map(({ stepId }) => stepId)
    expect(order.at(-1)).toBe('answer')
    expect(order.indexOf('both')).toBe(3)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  })

  it('can be forked from before and from after it grew', async () => {
    const { weft } = await ask(growing)
    const fork = async (fromStep: string) => {
      const { id } = await bodyOf(Session, post(`/v1/sessions/${weft.sessionId}/fork`, { fromStep }))
      await eventually(async () => (await lastTurn(id)).status === 'completed')
      const turn = await lastTurn(id)
      return { costUsd: turn.answer?.costUsd, reused: turn.steps.flatMap((each) => (each.isReused ? each.stepId : [])) }
    }
    expect(await fork('scout')).toEqual({ costUsd: 0.5, reused: [] })
    expect(await fork('both')).toEqual({ costUsd: 0, reused: ['scout', 'left', 'right'] })
  })

  it('does not grow by what no agent can do', async () => {
    const unsound = step('odd', {}, { capability: 'fly' })
    const { weft } = await ask([step('scout', { adds: [unsound] }), step('answer', { say: 'done' }, { dependsOn: ['scout'] })])
    expect(weft.degraded).toEqual(['step_skipped:scout'])
    const log = await (await request(`/v1/sessions/${weft.sessionId}/events`)).text()
    expect(log).toContain('step \\"odd\\": agent \\"scripted\\" does not offer \\"fly\\"')
  })
})

describe('an answer whose work went wrong in part', () => {
  it('names what it lost', async () => {
    const { weft, choices } = await ask([
      step('flaky', { say: 'in the end', fails: 2 }),
      step('broken', { isBroken: true }),
      step('most', { say: 'most' }, { dependsOn: ['flaky', 'broken'], join: { atLeast: 1 } }),
      step('all', { say: 'all' }, { dependsOn: ['flaky', 'broken'], join: { atLeast: 2 } }),
      step('spare', { isBroken: true }, { onFailure: { action: 'skip' } }),
      step('answer', { say: 'as far as it goes' }, { dependsOn: ['most', 'all', 'spare'] }),
    ])
    expect(choices[0]?.message.content).toBe('as far as it goes')
    expect(weft.degraded.toSorted()).toEqual(['step_skipped:all', 'step_skipped:broken', 'step_skipped:spare'])
  })

  it('and any other tells which version of which agent worked for it', async () => {
    const { weft } = await ask([step('answer', { say: 'done' })])
    expect((await lastTurn(weft.sessionId)).versions.agents).toEqual({ scripted: '2.5.0' })
  })

  it('shows where its sources contradict each other, and what has none', async () => {
    const storeId = await storeOf('heights', {
      'guide-2019.md': 'The tower of Calgary harbour is 30 metres tall.\n',
      'guide-2024.md': 'The tower of Calgary harbour is 35 metres tall.\n',
    })
    const question = 'How tall is the tower of Calgary harbour?'
    const { weft, choices } = await ask(
      [
        { ...step('find', { query: question }), agent: 'rag', capability: 'retrieve' },
        step('guess', { say: 'It looked taller to me.' }),
        {
          ...step('answer', { question }, { dependsOn: ['find', 'guess'] }),
          agent: 'reasoning',
          capability: 'synthesize',
        },
      ],
      { vectorStoreIds: [storeId] },
      question,
    )
    expect(choices[0]?.message.content).toMatch(
      /Sources disagree: one says “.*3[05] metres tall” \[1\], another “.*3[05] metres tall” \[2\]\./,
    )
    expect(choices[0]?.message.content).toContain('Without a source, step “guess” says: It looked taller to me.')
    expect(weft.degraded).toEqual(expect.arrayContaining(['conflicting_sources', 'no_source:guess']))
    expect(weft.citations.map(({ filename }) => filename).toSorted()).toEqual(['guide-2019.md', 'guide-2024.md'])
  })
})

describe('a session that opens sessions', () => {
  const child = (stepId: string, steps: { stepId: string }[]) => ({
    stepId,
    agent: 'session',
    capability: 'run',
    params: { input: 'Go on.', plan: planOf(steps) },
  })
  const asking = { approval: { reason: 'it is deep' } }
  const family = [
    child('plain', [step('one', { say: 'one', costUsd: 0.5 })]),
    child('deep', [child('deeper', [step('two', { say: 'two', costUsd: 0.25 }, asking)])]),
    step('answer', { say: 'all done' }, { dependsOn: ['plain', 'deep'] }),
  ]
  const childOf = async (id: string, stepId: string): Promise<string> =>
    (await lastTurn(id)).steps.find((each) => each.stepId === stepId)?.childSessionId ?? ''

  it('is asked for all of them, and answers with what they found and cost', async () => {
    const { weft } = await ask(family)
    expect(weft.status).toBe('awaiting_approval')
    const [approval] = (await lastTurn(weft.sessionId)).approvals ?? []
    const deeper = await childOf(await childOf(weft.sessionId, 'deep'), 'deeper')
    expect(approval?.sessionId).toBe(deeper)
    await post(`/approvals/${approval?.id}/approve`, {})
    await eventually(async () => (await lastTurn(weft.sessionId)).status === 'completed')
    expect((await lastTurn(weft.sessionId)).answer).toMatchObject({ text: 'all done', costUsd: 0.75 })
  })

  it('pauses, resumes, cancels and goes with all of them', async () => {
    const { weft } = await ask(family)
    const ids = [weft.sessionId, await childOf(weft.sessionId, 'deep')]
    ids.push(await childOf(ids[1] ?? '', 'deeper'))
    const all = async (isSo: (session: z.infer<typeof Session>) => boolean) => (await Promise.all(ids.map(view))).every(isSo)
    await post(`/v1/sessions/${weft.sessionId}/pause`, {})
    await eventually(() => all(({ isPaused }) => isPaused === true))
    await post(`/v1/sessions/${weft.sessionId}/resume`, {})
    await eventually(() => all(({ isPaused }) => isPaused !== true))
    await post(`/v1/sessions/${weft.sessionId}/cancel`, {})
    await eventually(() => all(({ turns }) => turns.at(-1)?.status === 'cancelled'))
    await request(`/v1/sessions/${weft.sessionId}`, { method: 'DELETE' })
    const isGone = async (id: string) => (await request(`/v1/sessions/${id}`)).status === 404
    await eventually(async () => (await Promise.all(ids.map(isGone))).every(Boolean))
  })
})
