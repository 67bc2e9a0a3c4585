import { describe, expect, it } from '@jest/globals'
import type { Mode, PlannerRequest } from '@weft/contracts'
import type { CapabilityRegistry } from './capability-registry.ts'
import { planByRules } from './plan-by-rules.ts'
import { validatePlan } from './validate-plan.ts'

const offered = (name: string) => ({
  name,
  description: name,
  inputSchema: {},
  outputSchema: {},
  latencyMs: 100,
  costUsd: 0.01,
  effects: 'none' as const,
})
const registry: CapabilityRegistry = {
  cards: [
    { id: 'rag', version: '1', description: 'retrieval', capabilities: [offered('retrieve'), offered('answer')] },
    { id: 'reasoning', version: '1', description: 'reasoning', capabilities: [offered('reason'), offered('synthesize')] },
  ],
}

function plan(
  question: string,
  more: { mode?: Mode; stores?: string[]; registry?: CapabilityRegistry; content?: { type: string }[] } = {},
) {
  const request: PlannerRequest = {
    tenant: 'a',
    model: 'weft/auto',
    messages: [{ role: 'user', content: more.content ?? question }],
    vectorStoreIds: more.stores ?? ['vs_1'],
  }
  return planByRules(request, more.mode ?? 'auto', more.registry ?? registry)
}

const shape = (answer: ReturnType<typeof plan>) =>
  answer.plan?.steps.map((step) => `${step.stepId}:${step.agent}.${step.capability}<${step.dependsOn.join(',')}`)

describe('the rules', () => {
  it('retrieve and answer where there is knowledge', () => {
    expect(shape(plan('Which gene causes X?'))).toEqual(['retrieve:rag.retrieve<', 'answer:rag.answer<retrieve'])
  })

  it('reason directly without knowledge, and for small talk', () => {
    expect(shape(plan('Which gene causes X?', { stores: [] }))).toEqual(['answer:reasoning.reason<'])
    for (const said of ['Hello!', 'ok thanks', 'Great, thank you so much!', 'Danke', 'OK.'])
      expect(shape(plan(said))).toEqual(['answer:reasoning.reason<'])
    expect(shape(plan('OK, which gene causes X?'))).toHaveLength(2)
  })

  it.each([
    ['Compare Redis with PostgreSQL and SQLite.', ['Redis', 'PostgreSQL', 'SQLite']],
    ['What are the differences between the blue plan and the red plan?', ['blue plan', 'red plan']],
    ['How does aspirin differ from ibuprofen?', ['aspirin', 'ibuprofen']],
    ['gRPC vs REST', ['gRPC', 'REST']],
  ])('compare in parallel: %s', (question, subjects) => {
    const { plan: made } = plan(question)
    const retrievals = made?.steps.filter((step) => step.capability === 'retrieve') ?? []
    expect(retrievals.map((step) => step.params.query)).toEqual(subjects)
    expect(retrievals.every((step) => step.parallel && step.dependsOn.length === 0)).toBe(true)
    expect(made?.steps.at(-1)).toMatchObject({
      agent: 'reasoning',
      capability: 'synthesize',
      dependsOn: retrievals.map((step) => step.stepId),
    })
  })

  it('give up an index that hangs, and answer without it, within a minute', () => {
    const retrieve = plan('Which gene causes X?').plan?.steps[0]
    expect(retrieve?.onFailure?.action).toBe('skip')
    expect((retrieve?.timeoutMs ?? Number.POSITIVE_INFINITY) * (retrieve?.onFailure?.maxAttempts ?? 6)).toBeLessThan(60_000)
  })

  it.each([
    `how does ${' '.repeat(1_900)}a`,
    `is ${' '.repeat(1_900)}vs`,
    `compare ${'a and '.repeat(330)}`,
    `how does ${'how does a '.repeat(180)}`,
    `which is ${'a '.repeat(990)}`,
    `compare ${'"\' .!?:'.repeat(280)}`,
  ])('answer at once whatever the question looks like: %.12s', (question) => {
    const usedBefore = process.cpuUsage()
    plan(question)
    expect(process.cpuUsage(usedBefore).user / 1_000).toBeLessThan(250)
  })

  it('stay small however long the question is', () => {
    for (const question of [`What is ${'x'.repeat(1_000_000)}?`, `Compare A with ${'y'.repeat(1_000_000)}`]) {
      const made = plan(question).plan
      expect(JSON.stringify(made).length).toBeLessThan(60_000)
      expect(made?.steps.at(-1)?.params).not.toHaveProperty('question')
    }
  })

  it('search in hops where a question asks by way of what it does not name', () => {
    const hops = (question: string) => plan(question).plan?.steps[0]?.params.multiHop
    expect(hops('Who was the first president of the association which published the journal?')).toBe(true)
    expect(hops('Who wrote the journal?')).toBeUndefined()
  })

  it('ask back when there is nothing to work with', () => {
    expect(plan('   ').kind).toBe('clarification')
    expect(plan('compare', { mode: 'compare' }).question).toContain('at least two')
  })

  it('have an image without a word looked at, and search for a question that comes with one', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }
    expect(shape(plan('', { content: [image] }))).toEqual(['answer:reasoning.reason<'])
    const asked = plan('', { content: [{ type: 'text', text: 'Which gene is this?' }, image] as { type: string }[] })
    expect(shape(asked)).toEqual(['retrieve:rag.retrieve<', 'answer:rag.answer<retrieve'])
  })

  it('say which capability no agent has', () => {
    expect(plan('x?', { registry: { cards: [] } })).toMatchObject({ kind: 'unsupported', missing: ['retrieve', 'answer'] })
  })

  it('give the same plan for the same request, sound by its own validation, with an estimate', () => {
    const made = plan('Compare A1 with B1').plan
    expect(plan('Compare A1 with B1').plan).toEqual(made)
    expect(made && validatePlan(made, registry)).toEqual([])
    expect(made?.estimate?.durationMs.expected).toBe(200)
    expect(made?.estimate?.costUsd.expected).toBeCloseTo(0.03)
  })
})
