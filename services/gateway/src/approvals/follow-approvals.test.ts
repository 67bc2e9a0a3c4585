import { expect, it } from '@jest/globals'
import { type ChainedLine, chainStart, hashHistoryLine } from '@weft/contracts'
import { approvalOf, createMemoryApprovals } from '../testing/approvals.ts'
import { createApprovalTail } from './approval-tail.ts'
import { followApprovals } from './follow-approvals.ts'

function lineOf(position: number, kind: string, approvalId: string): ChainedLine {
  const line = { position, approvalId, sessionId: 's', seq: position, at: 't', entry: { kind, by: 'ann' } }
  return { ...line, previousHash: chainStart.hash, hash: hashHistoryLine(chainStart.hash, line) }
}

async function take(options: Partial<Parameters<typeof followApprovals>[0]>, count: number) {
  const stop = new AbortController()
  const { approvals = createMemoryApprovals() } = options
  const tail = createApprovalTail({ approvals, onProblem: () => undefined, pollMs: 5 })
  const all = { approvals, tail, tenant: 'acme', afterPosition: undefined, assignees: undefined }
  const taken: { id: number | undefined; type: unknown; approval: string }[] = []
  for await (const { id, data } of followApprovals({ ...all, isWanted: () => true, signal: stop.signal, ...options })) {
    const { type, approval } = JSON.parse(data)
    taken.push({ id, type, approval: approval.id })
    if (taken.length === count) stop.abort()
  }
  return taken
}

it('shows what is pending first, then each change with its place in the history', async () => {
  const approvals = createMemoryApprovals()
  approvals.kept.push(approvalOf({ id: 'appr_s.1' }), approvalOf({ id: 'appr_s.2' }))
  approvals.lines.push(lineOf(1, 'requested', 'appr_s.1'), lineOf(2, 'requested', 'appr_s.2'))
  setTimeout(() => approvals.lines.push(lineOf(3, 'voted', 'appr_s.1')), 50)
  const [first, ...rest] = await take({ approvals }, 3)
  expect(first).toEqual({ id: undefined, type: 'approval.pending', approval: 'appr_s.1' })
  expect(rest).toEqual([
    { id: 2, type: 'approval.pending', approval: 'appr_s.2' },
    { id: 3, type: 'approval.voted', approval: 'appr_s.1' },
  ])
})

it('goes on where a reader had come to, and leaves out what is not the reader’s', async () => {
  const approvals = createMemoryApprovals()
  approvals.kept.push(approvalOf({ id: 'appr_s.1', assignees: ['ben'] }), approvalOf({ id: 'appr_s.2', assignees: ['ann'] }))
  approvals.lines.push(lineOf(1, 'requested', 'appr_s.1'), lineOf(2, 'requested', 'appr_s.2'), lineOf(3, 'requested', 'appr_s.1'))
  approvals.lines.push(lineOf(4, 'decided', 'appr_s.2'))
  const isWanted = ({ assignees }: { assignees: string[] }) => assignees.includes('ann')
  expect(await take({ approvals, isWanted, afterPosition: 2 }, 1)).toEqual([
    { id: 4, type: 'approval.decided', approval: 'appr_s.2' },
  ])
})

it('tells who goes on what went to somebody else meanwhile, and of later ones only what was shown', async () => {
  const approvals = createMemoryApprovals()
  const ann = (id: string) => approvalOf({ id, assignees: ['ann'] })
  const ben = (id: string) => approvalOf({ id, assignees: ['ben'] })
  approvals.kept.push(ben('appr_s.1'), ann('appr_s.2'), ben('appr_s.3'), ann('appr_s.4'))
  approvals.lines.push(lineOf(1, 'requested', 'appr_s.1'), lineOf(2, 'delegated', 'appr_s.1'))
  setTimeout(() => {
    approvals.kept[1] = ben('appr_s.2')
    approvals.lines.push(lineOf(3, 'delegated', 'appr_s.3'), lineOf(4, 'delegated', 'appr_s.2'), lineOf(5, 'voted', 'appr_s.4'))
  }, 50)
  const isWanted = ({ assignees }: { assignees: string[] }) => assignees.includes('ann')
  const told = await take({ approvals, isWanted, afterPosition: 1 }, 3)
  expect(told.map(({ id }) => id)).toEqual([2, 4, 5])
})

it('tells one last time of what has gone to somebody else', async () => {
  const approvals = createMemoryApprovals()
  approvals.kept.push(approvalOf({ id: 'appr_s.1', assignees: ['ann'] }))
  approvals.lines.push(lineOf(1, 'requested', 'appr_s.1'))
  setTimeout(() => {
    approvals.kept[0] = approvalOf({ id: 'appr_s.1', assignees: ['ben'] })
    approvals.kept.push(approvalOf({ id: 'appr_s.2', assignees: ['ann'] }))
    approvals.lines.push(lineOf(2, 'delegated', 'appr_s.1'), lineOf(3, 'voted', 'appr_s.1'), lineOf(4, 'requested', 'appr_s.2'))
  }, 50)
  const isWanted = ({ assignees }: { assignees: string[] }) => assignees.includes('ann')
  expect(await take({ approvals, isWanted }, 3)).toEqual([
    { id: 1, type: 'approval.pending', approval: 'appr_s.1' },
    { id: 2, type: 'approval.delegated', approval: 'appr_s.1' },
    { id: 4, type: 'approval.requested', approval: 'appr_s.2' },
  ])
})
