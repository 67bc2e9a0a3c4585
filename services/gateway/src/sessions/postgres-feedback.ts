import { parseValue } from '@weft/contracts'
import { type Database, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import type { Feedback, FeedbackStore } from './feedback-store.ts'

const Row = z.object({
  is_new: z.boolean(),
  at: RowTime,
})

/**
 * One statement, so that what is judged is what was said when it is stored. A session that is being deleted takes none; one that the archive has as it was
 * before is not in it any more.
 */
export function createPostgresFeedback({ db }: Pick<Database, 'db'>): FeedbackStore {
  return {
    async save({ tenant, sessionId }, givenBy, { turn, rating, comment }) {
      const { rows } = await sql`
        with outdated as (
          update sessions set archived_seq = null where tenant = ${tenant} and id = ${sessionId} and archived_seq is not null
        )
        insert into feedback (tenant, session_id, turn, given_by, rating, comment, question, answer)
        select ${tenant}, ${sessionId}, ${turn}, ${givenBy}, ${String(rating)}, ${comment ?? null}, question.content, answer.content
        from messages answer left join messages question
          on question.tenant = answer.tenant and question.session_id = answer.session_id and question.turn = answer.turn and question.role = 'user'
        where answer.tenant = ${tenant} and answer.session_id = ${sessionId} and answer.turn = ${turn} and answer.role = 'assistant'
          and not exists (select 1 from deleted_sessions gone where gone.tenant = ${tenant} and gone.id = ${sessionId})
        on conflict (tenant, session_id, turn, given_by) do update set
          rating = excluded.rating, comment = excluded.comment, question = excluded.question, answer = excluded.answer, at = now()
        returning at, (xmax = 0) as is_new
      `.execute(db)
      const saved = rows.map((row) => parseValue(Row, row, 'a feedback row'))[0]
      // What was said later changes what is kept; routing learns from a key's first word on an answer, so that repeating it adds nothing.
      if (saved?.is_new === true) await teachRouting(db, { tenant, sessionId, turn, reward: rewardOf(rating) })
      return saved?.at
    },
  }
}

/** The router reads it in all services: models that the turn's steps were given to are judged by it. */
async function teachRouting(
  db: Database['db'],
  { tenant, sessionId, turn, reward }: { tenant: string; sessionId: string; turn: number; reward: number },
): Promise<void> {
  await sql`
    insert into routing_outcomes (tenant, writer, kind, reward, choice)
    select tenant, 'feedback', 'feedback', ${reward}, choice from routing_choices
    where tenant = ${tenant} and session_id = ${sessionId} and turn = ${turn}
  `.execute(db)
}

function rewardOf(rating: Feedback['rating']): number {
  if (typeof rating === 'number') return (rating - 1) / 4
  return rating === 'up' ? 1 : 0
}
