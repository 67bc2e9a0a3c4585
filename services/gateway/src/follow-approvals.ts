import { setTimeout as sleep } from 'node:timers/promises'
import type { ApprovalView } from '@weft/contracts'
import type { ApprovalLog } from './approval-log.ts'
import type { SseMessage } from './sse-stream.ts'

export interface FollowApprovalsOptions {
  approvals: ApprovalLog
  tenant: string
  /** The last line of the history the reader has; undefined: all that is pending comes first. */
  afterPosition: number | undefined
  isWanted: (approval: ApprovalView) => boolean
  assignees: string[] | undefined
  signal: AbortSignal
}

const pageLines = 100
const pollMs = 500
const pollMaxMs = 2_000

/** Each change of a tenant's approvals once, in the order of the history, with its place there as the SSE id. */
export async function* followApprovals(options: FollowApprovalsOptions): AsyncGenerator<SseMessage, void> {
  const { approvals, tenant, isWanted, signal } = options
  let position = options.afterPosition ?? (await approvals.lastPosition(tenant))
  if (options.afterPosition === undefined) yield* showPending(options, position)
  let waitMs = pollMs
  while (!signal.aborted) {
    const { data } = await approvals.history({ tenant, approvalId: undefined, limit: pageLines, after: position })
    for (const entry of data) {
      position = entry.position
      const approval = await approvals.find({ tenant, id: entry.approvalId })
      if (approval === undefined || !isWanted(approval)) continue
      yield { id: position, data: JSON.stringify({ type: `approval.${String(entry.entry.kind)}`, entry, approval }) }
    }
    if (data.length > 0) waitMs = pollMs
    else {
      await sleep(waitMs, undefined, { signal }).catch(() => undefined)
      waitMs = Math.min(pollMaxMs, waitMs * 2)
    }
  }
}

async function* showPending(
  { approvals, tenant, assignees }: FollowApprovalsOptions,
  position: number,
): AsyncGenerator<SseMessage, void> {
  let after: string | undefined
  do {
    const page = await approvals.pending({
      tenant,
      assignees,
      sessionId: undefined,
      showsSnoozed: false,
      limit: pageLines,
      after,
    })
    for (const approval of page.data) yield { id: position, data: JSON.stringify({ type: 'approval.pending', approval }) }
    after = page.hasMore ? page.data.at(-1)?.id : undefined
  } while (after !== undefined)
}
