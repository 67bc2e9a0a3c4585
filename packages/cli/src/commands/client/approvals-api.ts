import { ApprovalDecided, ApprovalView } from '@weft/contracts'
import { z } from 'zod'
import { ChainVerdict } from './chain-verdict.ts'
import type { Mesh } from './connect-mesh.ts'
import { listPages } from './list-pages.ts'

export type Decision = { id: string; action: string; body: object }

/** The part of a history entry that is shown. */
export const HistoryEntry = z.looseObject({
  position: z.number(),
  approvalId: z.string(),
  at: z.string(),
  entry: z.looseObject({
    kind: z.string(),
    by: z.string(),
    decision: z.string().optional(),
    comment: z.string().optional(),
    to: z.string().optional(),
    until: z.string().optional(),
  }),
})
export type HistoryEntry = z.infer<typeof HistoryEntry>

const Decided = ApprovalView.extend({ isRepeat: ApprovalDecided.shape.isRepeat })

/** The approvals of a mesh, whose paths are not below `/v1`. */
export function createApprovalsApi({ url, client }: Mesh) {
  const at = (path: string) => `${url}/approvals/${path}`
  const one = (id: string) => at(encodeURIComponent(id))
  return {
    async pending(query: Record<string, unknown>): Promise<ApprovalView[]> {
      return z.object({ data: z.array(ApprovalView) }).parse(await client.get(at('pending'), { query })).data
    },
    find: async (id: string) => ApprovalView.parse(await client.get(one(id))),
    /** Sends a decision. A comment is never sent again after a failure, because it could then be there twice. */
    async decide({ id, action, body }: Decision) {
      const retries = action === 'comment' ? { maxRetries: 0 } : {}
      return Decided.parse(await client.post(`${one(id)}/${action}`, { body, ...retries }))
    },
    /** The history of one approval, or of all; at most 10,000 entries. */
    history(id: string | undefined): Promise<HistoryEntry[]> {
      const path = id === undefined ? at('history') : `${one(id)}/history`
      return listPages(client, { path, item: HistoryEntry, cursorOf: ({ position }) => position })
    },
    verify: async () => ChainVerdict.parse(await client.get(at('history/verify'))),
  }
}
