import { parseValue } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { FeedbackStore } from './feedback-store.ts'

const Row = z.object({ at: z.union([z.date(), z.string()]).transform((time) => new Date(time).toISOString()) })

/** One statement, so that what is judged is what was said when it is stored. A session that is being deleted takes none. */
export function createPostgresFeedback({ db }: Pick<Database, 'db'>): FeedbackStore {
  return {
    async save({ tenant, sessionId }, givenBy, { turn, rating, comment }) {
      const { rows } = await sql`
        insert into feedback (tenant, session_id, turn, given_by, rating, comment, question, answer)
        select ${tenant}, ${sessionId}, ${turn}, ${givenBy}, ${String(rating)}, ${comment ?? null}, question.content, answer.content
        from messages answer left join messages question
          on question.tenant = answer.tenant and question.session_id = answer.session_id and question.turn = answer.turn and question.role = 'user'
        where answer.tenant = ${tenant} and answer.session_id = ${sessionId} and answer.turn = ${turn} and answer.role = 'assistant'
          and not exists (select 1 from deleted_sessions gone where gone.tenant = ${tenant} and gone.id = ${sessionId})
        on conflict (tenant, session_id, turn, given_by) do update set
          rating = excluded.rating, comment = excluded.comment, question = excluded.question, answer = excluded.answer, at = now()
        returning at
      `.execute(db)
      return rows.map((row) => parseValue(Row, row, 'a feedback row').at)[0]
    },
  }
}
