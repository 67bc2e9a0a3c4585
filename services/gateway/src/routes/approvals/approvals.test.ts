import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ApprovalView, type DecideApproval, type PlannerAnswer, WeftError } from '@weft/contracts'
import { approvalOf } from '../../testing/approvals.ts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'
import { plan, viewOf } from '../../testing/turns.ts'

const id = 'appr_sess_1.1'
let gateway: TestGateway
let pending: ApprovalView[]
/** What the planner was asked to validate, and what it finds wrong. */
let validated: unknown[]
let problems: { stepId: string; message: string }[]

beforeEach(async () => {
  pending = [approvalOf()]
  validated = []
  problems = []
  const estimate = { costUsd: { low: 1, expected: 2, high: 3 }, durationMs: { low: 1, expected: 2, high: 3 } }
  gateway = await startGateway({
    sidecar: {
      async invoke(_app, _path, { body, schema }) {
        validated.push(body)
        return schema.parse({ kind: 'plan', problems, plan: { ...plan, estimate } } satisfies PlannerAnswer)
      },
      fetchFrom: () => Promise.reject(new Error('no agents here')),
    },
  })
  gateway.session.onView = () => viewOf({ status: 'awaiting_approval', plan, approvals: pending })
  gateway.session.onDecide = () => ({ approval: approvalOf({ status: 'approved' }), isRepeat: false })
})
afterEach(() => gateway.stop())

function post(path: string, body: unknown, key?: string): Promise<Response> {
  return gateway.request(`/approvals/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(key === undefined ? {} : { key }),
  })
}

async function errorOf(response: Response): Promise<Record<string, unknown>> {
  const { error } = (await response.json()) as { error: Record<string, unknown> }
  return error
}

function lastDecision(): DecideApproval | undefined {
  return gateway.session.decided.at(-1)
}

describe('deciding', () => {
  it.each<[string, object, Partial<DecideApproval>]>([
    ['approve', { comment: 'fine', hash: 'a'.repeat(64) }, { action: 'approve', comment: 'fine', hash: 'a'.repeat(64) }],
    ['reject', { reason: 'too dear' }, { action: 'reject', comment: 'too dear' }],
    ['snooze', { until: '2030-01-01T00:00:00Z' }, { action: 'snooze', untilMs: Date.parse('2030-01-01T00:00:00Z') }],
    ['delegate', { to: 'role:board' }, { action: 'delegate', to: 'role:board' }],
    ['comment', { text: 'why?' }, { action: 'comment', comment: 'why?' }],
  ])('%s hands its fields to the session, with who decides from the key', async (action, body, handed) => {
    const key = await gateway.makeKey({ name: 'ann', scopes: ['approve'], roles: ['finance'] })
    const response = await post(`${id}/${action}`, body, key)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ id, status: 'approved', isRepeat: false })
    expect(lastDecision()).toMatchObject({
      approvalId: id,
      ...handed,
      by: { id: 'ann', roles: ['finance'], isAdmin: false },
    })
  })

  it.each([
    ['approve', { comment: 7 }, 'comment'],
    ['approve', { Hash: 'a'.repeat(64) }, 'Hash'],
    ['approve', { hash: 'short' }, 'hash'],
    ['reject', {}, 'reason'],
    ['reject', { reason: '' }, 'reason'],
    ['modify', { comment: 'nothing changed' }, 'params'],
    ['snooze', { until: 'later' }, 'until'],
    ['delegate', {}, 'to'],
    ['comment', { text: '' }, 'text'],
  ])('%s refuses %j and decides nothing', async (action, body, param) => {
    const response = await post(`${id}/${action}`, body)
    expect([response.status, (await errorOf(response)).param]).toEqual([400, param])
    expect(gateway.session.decided).toEqual([])
  })

  it.each([
    ['conflict', 409, { decision: { by: 'bob', at: '2026-01-01T00:00:00Z' } }],
    ['approval_outdated', 409, { hash: 'b'.repeat(64) }],
    ['gone', 410, { decision: { status: 'expired' } }],
  ] as const)('passes on what the session refuses as %s, with its details', async (code, status, details) => {
    gateway.session.onDecide = () => {
      throw new WeftError(code, 'decided by bob', { details })
    }
    const response = await post(`${id}/approve`, {})
    expect(response.status).toBe(status)
    expect(await errorOf(response)).toMatchObject({ code, message: 'decided by bob', details })
  })

  it('is not for keys without the scope approve, and is part of administration', async () => {
    const chat = await gateway.makeKey({ scopes: ['chat'] })
    expect((await post(`${id}/approve`, {}, chat)).status).toBe(403)
    expect((await gateway.request(`/approvals/${id}`, { key: chat })).status).toBe(403)
    const admin = await gateway.makeKey({ scopes: ['admin'] })
    expect((await post(`${id}/approve`, {}, admin)).status).toBe(200)
    expect(lastDecision()?.by.isAdmin).toBe(true)
  })

  it('never happens by reading', async () => {
    for (const action of ['approve', 'reject', 'decide']) {
      expect((await gateway.request(`/approvals/${id}/${action}`)).status).toBe(405)
      expect((await gateway.request(`/approvals/${id}/${action}`, { method: 'HEAD' })).status).toBe(405)
    }
    expect(gateway.session.decided).toEqual([])
  })

  it('of what nobody knows is 404', async () => {
    gateway.session.onDecide = () => {
      throw new WeftError('not_found', 'no such session')
    }
    for (const unknown of ['appr_sess_9.1', 'a.b', '%00']) expect((await post(`${unknown}/approve`, {})).status).toBe(404)
  })
})

describe('a session id in place of an approval’s', () => {
  it('means the one approval that is pending there, a child session’s too', async () => {
    pending = [approvalOf({ id: 'appr_child.4', sessionId: 'child' })]
    expect((await post('sess_1/approve', {})).status).toBe(200)
    expect(lastDecision()?.approvalId).toBe('appr_child.4')
  })

  it('is refused with the names of all when there are several, and unknown when there is none', async () => {
    pending = [approvalOf(), approvalOf({ id: 'appr_sess_1.2' })]
    const several = await post('sess_1/approve', {})
    expect(several.status).toBe(409)
    expect(await errorOf(several)).toMatchObject({ details: { approvals: [id, 'appr_sess_1.2'] } })
    pending = []
    expect((await post('sess_1/approve', {})).status).toBe(404)
    expect(gateway.session.decided).toEqual([])
  })

  it('means the one that was decided when the same is sent again', async () => {
    pending = [approvalOf({ status: 'approved' })]
    expect((await post('sess_1/approve', {})).status).toBe(200)
    expect(lastDecision()?.approvalId).toBe(id)
  })
})

describe('a modified approval', () => {
  it('is estimated by the planner as it shall be, and carries the estimate', async () => {
    pending = [approvalOf({ stepId: 'answer' })]
    await post(`${id}/modify`, { params: { tone: 'short' }, comment: 'shorter' })
    expect(validated).toMatchObject([{ plan: { steps: [{ params: {} }, { stepId: 'answer', params: { tone: 'short' } }] } }])
    expect(lastDecision()).toMatchObject({
      action: 'modify',
      params: { tone: 'short' },
      comment: 'shorter',
      estimate: { costUsd: { expected: 2 } },
    })
    await post(`${id}/modify`, { plan })
    expect(lastDecision()).toMatchObject({ plan: { planId: 'plan_1' }, estimate: { costUsd: { expected: 2 } } })
  })

  it('does not reach the session when the planner finds it cannot run', async () => {
    problems = [{ stepId: 'answer', message: 'it is on a cycle' }]
    const response = await post(`${id}/modify`, { plan })
    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_plan', param: 'plan.steps.answer' })
    expect(gateway.session.decided).toEqual([])
  })

  it('that an agent asks in the middle of its step touches no plan', async () => {
    pending = [approvalOf({ kind: 'agent' })]
    await post(`${id}/modify`, { params: { to: 'bob@example.com' } })
    expect(validated).toEqual([])
    expect(lastDecision()).toMatchObject({ params: { to: 'bob@example.com' } })
  })
})

describe('a batch', () => {
  it('gives every decision its own result; one that fails stops no other', async () => {
    gateway.session.onDecide = ({ approvalId }) => {
      if (approvalId === 'appr_sess_1.2') throw new WeftError('gone', 'expired')
      return { approval: approvalOf({ id: approvalId, status: 'approved' }), isRepeat: false }
    }
    const decisions = [
      { id, action: 'approve', comment: 'yes' },
      { id: 'appr_sess_1.2', action: 'approve' },
      { id: 'appr_sess_1.3', action: 'reject' },
      'nonsense',
      { id: 'appr_sess_2.1', action: 'reject', reason: 'no' },
    ]
    const response = await post('batch', { decisions })
    expect(response.status).toBe(200)
    const { data } = (await response.json()) as { data: unknown[] }
    expect(data).toMatchObject([
      { id, status: 200, approval: { status: 'approved' } },
      { id: 'appr_sess_1.2', status: 410, error: { code: 'gone' } },
      { id: 'appr_sess_1.3', status: 400, error: { param: 'reason' } },
      { id: null, status: 400 },
      { id: 'appr_sess_2.1', status: 200 },
    ])
  })

  it('decides about one session in the order that was sent', async () => {
    const decisions = [1, 2, 3, 4].map((n) => ({ id: `appr_sess_1.${n}`, action: 'approve' }))
    await post('batch', { decisions })
    expect(gateway.session.decided.map(({ approvalId }) => approvalId)).toEqual(decisions.map((decision) => decision.id))
  })

  it('is bounded', async () => {
    expect((await post('batch', { decisions: [] })).status).toBe(400)
    expect((await post('batch', { decisions: Array(101).fill({ id, action: 'approve' }) })).status).toBe(400)
  })
})
