import { ApprovalDecided, ApprovalView } from '@weft/contracts'
import { z } from 'zod'
import type { Mesh } from './connect-mesh.ts'

export type Decision = { id: string; action: string; body: object }

/** An entry of the history, as far as the terminal shows it. */
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

const Verdict = z.looseObject({
  isValid: z.boolean(),
  entries: z.number(),
  brokenAt: z.number().nullish(),
  problem: z.string().optional(),
})

const Decided = ApprovalView.extend({ isRepeat: ApprovalDecided.shape.isRepeat })
const entriesMax = 10_000

/** The approvals of a mesh; they lie beside `/v1`. */
export function createApprovalsApi({ url, client }: Mesh) {
  const at = (path: string) => `${url}/approvals/${path}`
  const one = (id: string) => at(encodeURIComponent(id))
  return {
    async pending(query: Record<string, unknown>): Promise<ApprovalView[]> {
      return z.object({ data: z.array(ApprovalView) }).parse(await client.get(at('pending'), { query })).data
    },
    find: async (id: string) => ApprovalView.parse(await client.get(one(id))),
    /** A comment is sent once only: sent again it would stand there twice. */
    async decide({ id, action, body }: Decision) {
      const retries = action === 'comment' ? { maxRetries: 0 } : {}
      return Decided.parse(await client.post(`${one(id)}/${action}`, { body, ...retries }))
    },
    /** Of one approval, or of all; 10,000 entries at most. */
    async history(id: string | undefined): Promise<HistoryEntry[]> {
      const Page = z.object({ data: z.array(HistoryEntry), has_more: z.boolean() })
      const path = id === undefined ? at('history') : `${one(id)}/history`
      const entries: HistoryEntry[] = []
      for (let hasMore = true; hasMore && entries.length < entriesMax; ) {
        const after = entries.at(-1)?.position
        const page = Page.parse(await client.get(path, { query: { limit: 100, ...(after === undefined ? {} : { after }) } }))
        entries.push(...page.data)
        hasMore = page.has_more && page.data.length > 0
      }
      return entries
    },
    verify: async () => Verdict.parse(await client.get(at('history/verify'))),
  }
}
