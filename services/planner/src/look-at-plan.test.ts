import { expect, it } from '@jest/globals'
import { type AgentCard, WeftError, WorkflowPlan } from '@weft/contracts'
import { lookAtPlan } from './look-at-plan.ts'

const capability = { name: 'pay', description: 'Pays.', inputSchema: {}, outputSchema: {}, effects: 'external' as const }
const billing: AgentCard = { id: 'billing', version: '1', description: 'Pays bills.', capabilities: [capability] }
const plan = WorkflowPlan.parse({
  planId: 'p',
  schemaVersion: 1,
  answerStepId: 'a',
  steps: [{ stepId: 'a', agent: 'billing', capability: 'pay' }],
})

const cardsOf = (known: AgentCard[], now: AgentCard[] | WeftError) => ({
  async registry({ isFresh } = { isFresh: false }) {
    if (!isFresh) return { cards: known }
    if (now instanceof WeftError) throw now
    return { cards: now }
  },
  stop: () => undefined,
})

it('finds a plan sound whose agent joined a moment ago', async () => {
  expect(await lookAtPlan(cardsOf([], [billing]), plan)).toEqual({ problems: [], registry: { cards: [billing] } })
})

it('does not call an agent unknown while nobody can say who joined', async () => {
  const away = new WeftError('dependency_unavailable', 'nobody answers')
  await expect(lookAtPlan(cardsOf([], away), plan)).rejects.toBe(away)
  expect((await lookAtPlan(cardsOf([billing], away), plan)).problems).toEqual([])
})

it('names the agent that nobody knows', async () => {
  expect((await lookAtPlan(cardsOf([], []), plan)).problems).toMatchObject([{ stepId: 'a' }])
})
