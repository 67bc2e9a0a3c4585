import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ChainedLine, chainStart, hashHistoryLine, WeftError } from '@weft/contracts'
import { approvalOf } from '../../testing/approvals.ts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'
import { plan, viewOf } from '../../testing/turns.ts'

const id = 'appr_sess_1.1'
let gateway: TestGateway

beforeEach(async () => {
  gateway = await startGateway()
  gateway.session.onView = () => viewOf({ status: 'awaiting_approval', plan, approvals: [approvalOf()] })
})
afterEach(() => gateway.stop())

describe('verifying the history', () => {
  function chain(count: number): ChainedLine[] {
    const lines: ChainedLine[] = []
    for (let position = 1; position <= count; position += 1) {
      const line = {
        position,
        approvalId: id,
        sessionId: 'sess_1',
        seq: position,
        at: '2026-01-01T00:00:00.000Z',
        entry: { kind: 'voted' },
      }
      const previousHash = lines.at(-1)?.hash ?? chainStart.hash
      lines.push({ ...line, previousHash, hash: hashHistoryLine(previousHash, line) })
    }
    return lines
  }
  const verdict = async () => (await gateway.request('/approvals/history/verify')).json()

  it('finds a whole chain whole, over many pages, and an empty one too', async () => {
    expect(await verdict()).toMatchObject({ isValid: true, entries: 0 })
    gateway.approvals.lines = chain(1_234)
    expect(await verdict()).toMatchObject({ isValid: true, entries: 1_234, lastHash: gateway.approvals.lines.at(-1)?.hash })
  })

  it('names the first entry that was changed or taken out', async () => {
    gateway.approvals.lines = chain(700).map((line) => (line.position === 600 ? { ...line, entry: { kind: 'decided' } } : line))
    expect(await verdict()).toMatchObject({
      isValid: false,
      entries: 599,
      brokenAt: 600,
      problem: expect.stringContaining('changed'),
    })
    gateway.approvals.lines = chain(9).filter(({ position }) => position !== 4)
    expect(await verdict()).toMatchObject({ isValid: false, brokenAt: 4, problem: expect.stringContaining('missing') })
  })

  it('is for administrators: it reads all there ever was', async () => {
    const key = await gateway.makeKey({ scopes: ['chat', 'approve'] })
    expect((await gateway.request('/approvals/history/verify', { key })).status).toBe(403)
  })
})

describe('reading', () => {
  it('lists what is pending for a key and for a session', async () => {
    const key = await gateway.makeKey({ name: 'ann', scopes: ['approve'], roles: ['finance'], tenant: 'acme' })
    await gateway.request('/approvals/pending?assignee=me&sessionId=sess_1&limit=5&after=appr_x.1', { key })
    expect(gateway.approvals.asked).toEqual([
      {
        tenant: 'acme',
        assignees: ['ann', 'role:finance'],
        sessionId: 'sess_1',
        showsSnoozed: false,
        limit: 5,
        after: 'appr_x.1',
      },
    ])
    expect((await gateway.request('/approvals/pending?limit=1000')).status).toBe(400)
  })

  it('shows an approval as its session knows it, and as it was kept once the session is gone', async () => {
    gateway.approvals.kept = [approvalOf({ reason: 'as kept' })]
    expect(await (await gateway.request(`/approvals/${id}`)).json()).toMatchObject({ reason: 'It leaves the house.' })
    gateway.session.onView = () => {
      throw new WeftError('not_found', 'no such session')
    }
    expect(await (await gateway.request(`/approvals/${id}`)).json()).toMatchObject({ reason: 'as kept' })
    expect((await gateway.request('/approvals/appr_sess_1.9')).status).toBe(404)
  })

  it('tells the history of one approval and of all', async () => {
    expect(await (await gateway.request(`/approvals/${id}/history?after=7`)).json()).toMatchObject({ object: 'list', data: [] })
    await gateway.request('/approvals/history')
    expect(gateway.approvals.asked).toMatchObject([{ approvalId: id, after: 7 }, { approvalId: undefined }])
    expect((await gateway.request('/approvals/appr_none.1/history')).status).toBe(404)
  })
})
