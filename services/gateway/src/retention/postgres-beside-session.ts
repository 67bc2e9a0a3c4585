import { ApprovalView, parseValue } from '@weft/contracts'
import { type Database, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import { historyLineOfRow } from '../approvals/postgres-approvals.ts'
import type { ArchiveSessionDeps } from './archive-session.ts'

const ApprovalRow = z.object({ approval: ApprovalView })
const FeedbackRow = z.object({
  turn: z.number(),
  givenBy: z.string(),
  rating: z.string(),
  comment: z.string().nullable(),
  question: z.unknown(),
  answer: z.unknown(),
  at: RowTime,
})

/** What is deleted together with a session besides its log, and the session's part of the history of approvals. */
export function createBesideSession({ db }: Pick<Database, 'db'>): ArchiveSessionDeps['beside'] {
  return {
    async approvals({ tenant, sessionId }) {
      const { rows } = await sql`
        select approval from approvals where tenant = ${tenant} and session_id = ${sessionId} order by requested_at, id
      `.execute(db)
      return rows.map((row) => parseValue(ApprovalRow, row, 'an approval row').approval)
    },
    async approvalHistory({ tenant, sessionId }) {
      const { rows } = await sql`
        select position, approval_id, session_id, seq, at, entry, previous_hash, hash from approval_history
        where tenant = ${tenant} and session_id = ${sessionId} order by position
      `.execute(db)
      return rows.map(historyLineOfRow)
    },
    async feedback({ tenant, sessionId }) {
      const { rows } = await sql`
        select turn, given_by as "givenBy", rating, comment, question, answer, at from feedback
        where tenant = ${tenant} and session_id = ${sessionId} order by turn, given_by
      `.execute(db)
      return rows.map((row) => parseValue(FeedbackRow, row, 'a feedback row'))
    },
  }
}
