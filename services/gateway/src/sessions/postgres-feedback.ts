import { parseValue } from '@weft/contracts'
import { type Database, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import type { Feedback, FeedbackStore } from './feedback-store.ts'

const Row = z.object({
  is_new: z.boolean(),
  at: RowTime,
})

/**
 * Stores feedback in one statement, with the question and the answer as they are at that moment. A session that is being deleted takes no feedback. One that is
 * in the archive already is marked as not archived, so that it is archived again with its feedback.
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
      // Routing learns only from a key's first feedback on an answer, so that repeating it adds nothing. Later feedback replaces what is stored.
      if (saved?.is_new === true) await teachRouting(db, { tenant, sessionId, turn, reward: rewardOf(rating) })
      return saved?.at
    },
  }
}

/** Tells the routers of all services how good the answer was: they judge the models by it that did the turn's steps. */
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
