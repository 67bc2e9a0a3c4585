import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { DecideApproval, PlannerAnswer } from '@weft/contracts'
import { approvalOf } from '../../testing/approvals.ts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'
import { plan, viewOf } from '../../testing/turns.ts'

const id = 'appr_sess_1.1'
let gateway: TestGateway

beforeEach(async () => {
  const planned = { kind: 'plan', problems: [], plan } satisfies PlannerAnswer
  gateway = await startGateway({
    sidecar: {
      invoke: async (_app, _path, { schema }) => schema.parse(planned),
      fetchFrom: () => Promise.reject(new Error('no agents here')),
    },
  })
  gateway.session.onView = () => viewOf({ status: 'awaiting_approval', plan, approvals: [approvalOf()] })
  gateway.session.onDecide = () => ({ approval: approvalOf({ status: 'approved' }), isRepeat: false })
})
afterEach(() => gateway.stop())

function decide(body: unknown, query = ''): Promise<Response> {
  return gateway.request(`/approvals/${id}/decide${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

function lastDecision(): DecideApproval | undefined {
  return gateway.session.decided.at(-1)
}

describe('the shapes of other inboxes', () => {
  it('show an approval as Agent Inbox and as LangChain know it', async () => {
    expect(await (await gateway.request(`/approvals/${id}?format=agent_inbox`)).json()).toMatchObject({
      id,
      hash: 'a'.repeat(64),
      action_request: { action: 'send', args: { to: 'ann@example.com' } },
      config: { allow_ignore: true, allow_respond: true, allow_edit: true, allow_accept: true },
    })
    gateway.approvals.kept = [approvalOf({ args: 'text' })]
    expect(await (await gateway.request('/approvals/pending?format=langchain')).json()).toMatchObject({
      data: [
        {
          actionRequests: [{ name: 'send', args: { value: 'text' } }],
          reviewConfigs: [{ actionName: 'send', allowedDecisions: ['approve', 'edit', 'reject'] }],
          action_requests: [{ name: 'send', args: { value: 'text' } }],
          review_configs: [{ action_name: 'send', allowed_decisions: ['approve', 'edit', 'reject'] }],
        },
      ],
    })
  })

  it.each<[object, Partial<DecideApproval>]>([
    [[{ type: 'accept', args: null }], { action: 'approve' }],
    [{ type: 'accept' }, { action: 'approve' }],
    [{ type: 'accept', args: { action: 'send', args: { to: 'ann@example.com' } } }, { action: 'approve' }],
    [[{ type: 'ignore', args: null }], { action: 'reject' }],
    [[{ type: 'response', args: 'ask Bob first' }], { action: 'reject', comment: 'ask Bob first' }],
    [[{ type: 'edit', args: { action: 'send', args: { to: 'bob' } } }], { action: 'modify', params: { to: 'bob' } }],
    [{ decisions: [{ type: 'approve' }] }, { action: 'approve' }],
    [{ decisions: [{ type: 'reject', message: 'no' }] }, { action: 'reject', comment: 'no' }],
    [
      { decisions: [{ type: 'edit', editedAction: { name: 'send', args: { to: 'bob' } } }] },
      { action: 'modify', params: { to: 'bob' } },
    ],
    [
      { decisions: [{ type: 'edit', edited_action: { name: 'send', args: { to: 'bob' } } }] },
      { action: 'modify', params: { to: 'bob' } },
    ],
  ])('are taken as an answer: %j', async (body, handed) => {
    expect((await decide(body, `?hash=${'a'.repeat(64)}`)).status).toBe(200)
    expect(lastDecision()).toMatchObject({ approvalId: id, hash: 'a'.repeat(64), ...handed })
  })

  it.each<[object, Partial<DecideApproval>]>([
    [{ type: 'approve' }, { action: 'approve' }],
    [
      { type: 'reject', message: 'no' },
      { action: 'reject', comment: 'no' },
    ],
    [
      { type: 'edit', edited_action: { name: 'send', args: { to: 'bob' } } },
      { action: 'modify', params: { to: 'bob' } },
    ],
  ])('are taken as one decision of LangChain, which answers an interrupt of one call: %j', async (decision, handed) => {
    expect((await decide(decision)).status).toBe(200)
    expect(lastDecision()).toMatchObject({ approvalId: id, ...handed })
  })

  it.each<[object, Partial<DecideApproval>]>([
    [{ type: 'approve', args: { action: 'send', args: { to: 'ann@example.com' } } }, { action: 'approve' }],
    [
      { type: 'reject', args: 'ask Bob first' },
      { action: 'reject', comment: 'ask Bob first' },
    ],
    [{ type: 'reject', args: null }, { action: 'reject' }],
    [
      { type: 'ignore', args: null },
      { action: 'reject', comment: 'ignored in the inbox' },
    ],
    [
      { type: 'edit', args: { action: 'send', args: { to: 'bob' } } },
      { action: 'modify', params: { to: 'bob' } },
    ],
  ])('are taken as Agent Inbox sends them to LangChain’s middleware: %j', async (decision, handed) => {
    expect((await decide({ decisions: [decision] })).status).toBe(200)
    expect(lastDecision()).toMatchObject({ approvalId: id, ...handed })
  })

  describe('of arguments that are no text, which Agent Inbox edits as text,', () => {
    const asked = { amount: 5, isUrgent: true, tags: ['a'], more: { b: 1 }, note: '1', nothing: null }
    beforeEach(() => {
      gateway.session.onView = () => viewOf({ status: 'awaiting_approval', plan, approvals: [approvalOf({ args: asked })] })
    })
    const edit = (args: object) => [{ type: 'edit', args: { action: 'send', args } }]

    it('are read as what they were', async () => {
      const args = { amount: '7.5', isUrgent: 'false', tags: '["b"]', more: '{"c":2}', note: '2', nothing: '3', added: '4' }
      expect((await decide(edit(args))).status).toBe(200)
      expect(lastDecision()?.params).toEqual({ ...args, amount: 7.5, isUrgent: false, tags: ['b'], more: { c: 2 } })
    })

    it.each([{ amount: 'many' }, { amount: '"7"' }, { isUrgent: '' }, { tags: '{}' }, { more: '[]' }])(
      'decide nothing when they are not: %j',
      async (args) => {
        const refused = await decide(edit({ ...asked, ...args }))
        expect(refused.status).toBe(400)
        expect(await refused.text()).toContain(`argument \\"${Object.keys(args)[0]}\\"`)
        expect(gateway.session.decided).toEqual([])
      },
    )
  })

  it('is about what was read with it, whatever it becomes meanwhile', async () => {
    expect((await decide({ type: 'accept' })).status).toBe(200)
    expect(lastDecision()).toMatchObject({ hash: 'a'.repeat(64) })
  })

  it.each([
    [[]],
    [[{ type: 'accept' }, { type: 'accept' }]],
    [{ type: 'yes' }],
    [{ decisions: [{ type: 'approve', args: { action: 'send', args: { to: 'mallory' } } }] }],
    [{ type: 'accept', args: { action: 'send', args: { to: 'mallory' } } }],
    [{ decisions: [] }],
    [{ decisions: [{ type: 'approve' }, { type: 'approve' }] }],
    [{ decisions: [{ type: 'edit' }] }],
    [{ type: 'approve', args: { action: 'send', args: { to: 'mallory' } } }],
    [{ type: 'edit', edited_action: { name: 'delete', args: {} } }],
    [{ decisions: [{ type: 'edit', editedAction: { name: 'delete', args: {} } }] }],
    [{}],
  ])('decide nothing when they are not clear: %j', async (body) => {
    expect((await decide(body)).status).toBe(400)
    expect(gateway.session.decided).toEqual([])
  })
})
