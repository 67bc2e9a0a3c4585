import { beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { SubmitTurn } from '@weft/contracts'
import { advanceSession } from '../core/advance-session.ts'
import { newSession } from '../core/new-session.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState } from '../core/session-state.ts'
import { createPlanRequester, type PlanRequester } from './request-plans.ts'

const actorId = 'acme.sess_1'
const request: SubmitTurn = {
  tenant: 'acme',
  sessionId: 'sess_1',
  requestId: 'req_1',
  idempotencyKey: 'request-1',
  model: 'weft/auto',
  messages: [{ role: 'user', content: 'Why?' }],
  modelOptions: {},
  vectorStoreIds: [],
  options: {},
}

let asked: unknown[]
let applied: SessionInput[]
let plans: PlanRequester

beforeEach(() => {
  asked = []
  applied = []
  plans = createPlanRequester({
    ensureAgentsKnown: async () => {},
    sidecar: {
      async invoke(_appId, _path, { schema, body }) {
        asked.push(body)
        return schema.parse({ kind: 'clarification', question: `Which? (${asked.length})`, problems: [] })
      },
    },
    apply: async (_actorId, input) => void applied.push(input),
    onProblem: (what, _actorId, cause) => {
      throw new Error(what, { cause })
    },
  })
})

function accepted(submitted: SubmitTurn): SessionState {
  const session = newSession({ tenant: 'acme', sessionId: 'sess_1', user: undefined }, 0)
  return advanceSession(session, { type: 'submit', request: submitted }, { nowMs: 0, policies: [], agentVersions: {} }).state
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('a plan asked for while its turn is being accepted', () => {
  it('is used by the committed turn, so the planner is asked once', async () => {
    plans.prepare(actorId, request)
    await settled()
    expect(asked).toHaveLength(1)
    expect(applied).toEqual([])
    plans.request(actorId, accepted(request), { turn: 1, planAttempt: 1 })
    await settled()
    expect(asked).toHaveLength(1)
    expect(applied).toMatchObject([{ type: 'planned', turn: 1, planAttempt: 1, result: { text: 'Which? (1)' } }])
  })

  it('serves one attempt only: a second asks the planner again', async () => {
    plans.prepare(actorId, request)
    plans.request(actorId, accepted(request), { turn: 1, planAttempt: 1 })
    await settled()
    plans.request(actorId, accepted(request), { turn: 1, planAttempt: 2 })
    await settled()
    expect(asked).toHaveLength(2)
  })

  it('does not serve a turn that asks something else, as one does that remembers what was said before', async () => {
    plans.prepare(actorId, request)
    const remembering = { ...request, messages: [{ role: 'user' as const, content: 'Earlier.' }, ...request.messages] }
    plans.request(actorId, accepted(remembering), { turn: 1, planAttempt: 1 })
    await settled()
    expect(asked).toHaveLength(2)
    expect(applied).toMatchObject([{ result: { text: 'Which? (2)' } }])
  })

  it('is not asked for when the client brings its own, or another turn’s is taken over', () => {
    const plan = { planId: 'p', schemaVersion: 1 as const, steps: [], answerStepId: 'a' }
    plans.prepare(actorId, { ...request, options: { plan } })
    plans.prepare(actorId, { ...request, seed: { from: { sessionId: 'sess_0', turn: 1 }, plan, finished: {}, savedUsd: 0 } })
    expect(asked).toEqual([])
  })

  it('is forgotten when nobody comes for it', async () => {
    jest.useFakeTimers()
    plans.prepare(actorId, request)
    jest.advanceTimersByTime(5_000)
    jest.useRealTimers()
    plans.request(actorId, accepted(request), { turn: 1, planAttempt: 1 })
    await settled()
    expect(asked).toHaveLength(2)
  })
})
