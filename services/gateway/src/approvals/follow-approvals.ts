import type { ApprovalView } from '@weft/contracts'
import type { SseMessage } from '../http/sse-stream.ts'
import type { ApprovalLog } from './approval-log.ts'
import type { ApprovalTail } from './approval-tail.ts'

export interface FollowApprovalsOptions {
  approvals: ApprovalLog
  tail: ApprovalTail
  tenant: string
  /** The position of the last history line the reader has; undefined: it is shown all pending approvals first. */
  afterPosition: number | undefined
  isWanted: (approval: ApprovalView) => boolean
  assignees: string[] | undefined
  signal: AbortSignal
}

const pageLines = 100
/** How many of the pending approvals that a reader may decide are remembered, in order to tell the reader when one goes to somebody else. */
const rememberedMax = 10_000

/**
 * Each change of a tenant's approvals once, in the order of the history, with its place there as the SSE id. An approval that goes from the
 * reader to somebody else is told one last time.
 */
export async function* followApprovals(options: FollowApprovalsOptions): AsyncGenerator<SseMessage, void> {
  const { approvals, tail, tenant, isWanted, signal } = options
  /** Ids of the pending approvals that the reader may decide. */
  const remembered = new Set<string>()
  const lastPosition = await approvals.lastPosition(tenant)
  let position = options.afterPosition ?? lastPosition
  if (options.afterPosition === undefined) yield* showPending(options, { position, remembered })
  else for await (const approval of pendingOf(options)) remember(remembered, approval, isWanted(approval))
  while (!signal.aborted) {
    const { data } = await approvals.history({ tenant, approvalId: undefined, limit: pageLines, after: position })
    for (const entry of data) {
      position = entry.position
      const approval = await approvals.find({ tenant, id: entry.approvalId })
      if (approval === undefined || !(isWanted(approval) || remembered.has(approval.id) || mayHaveLeft(entry, lastPosition)))
        continue
      remember(remembered, approval, isWanted(approval) && approval.status === 'pending')
      yield { id: position, data: JSON.stringify({ type: `approval.${String(entry.entry.kind)}`, entry, approval }) }
    }
    if (data.length === 0) await tail.waitBeyond({ tenant, position }, signal)
  }
}

/** Whether an approval may have gone to somebody else while the reader was away: it may have been shown to the reader before, which nobody here remembers. */
function mayHaveLeft({ entry, position }: { entry: Record<string, unknown>; position: number }, connectedAt: number): boolean {
  return position <= connectedAt && (entry.kind === 'delegated' || entry.kind === 'escalated')
}

function remember(remembered: Set<string>, { id }: ApprovalView, mayDecide: boolean): void {
  if (!mayDecide) remembered.delete(id)
  else if (remembered.size < rememberedMax) remembered.add(id)
}

/** Only the last message has an id, so that a reader that is cut off before it starts over and misses nothing. */
async function* showPending(
  options: FollowApprovalsOptions,
  { position, remembered }: { position: number; remembered: Set<string> },
): AsyncGenerator<SseMessage, void> {
  let held: string | undefined
  for await (const approval of pendingOf(options)) {
    remember(remembered, approval, true)
    if (held !== undefined) yield { data: held }
    held = JSON.stringify({ type: 'approval.pending', approval })
  }
  if (held !== undefined) yield { id: position, data: held }
}

async function* pendingOf({ approvals, tenant, assignees }: FollowApprovalsOptions): AsyncGenerator<ApprovalView, void> {
  const query = { tenant, assignees, sessionId: undefined, showsSnoozed: false, limit: pageLines }
  let after: string | undefined
  do {
    const page = await approvals.pending({ ...query, after })
    yield* page.data
    after = page.hasMore ? page.data.at(-1)?.id : undefined
  } while (after !== undefined)
}
