import { parseValue } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { AnswerStore } from './answer-cache.ts'

const Content = z.object({
  model: z.string(),
  isStreamed: z.boolean(),
  pieces: z.array(z.string()),
  inputTokens: z.number(),
  outputTokens: z.number(),
  question: z.string(),
})
const Found = z.object({ content: Content, left_ms: z.coerce.number() })
const Asked = z.object({ key: z.string(), question: z.string(), vector: z.array(z.number()) })

/** How many answers are kept of a tenant; of more, those that were not used for the longest time are deleted. */
const answersMax = 20_000
const questionsMax = 500

export function createPostgresAnswers({ db }: Pick<Database, 'db'>): AnswerStore {
  return {
    async find(tenant, key) {
      const { rows } = await sql`
        update cached_answers set used_at = now() where tenant = ${tenant} and key = ${key} and expires_at > now()
        returning content, extract(epoch from expires_at - now()) * 1000 as left_ms
      `.execute(db)
      if (rows[0] === undefined) return undefined
      const { content, left_ms: leftMs } = parseValue(Found, rows[0], 'a cached answer')
      const { question: _, ...answer } = content
      return { answer, leftMs }
    },
    async questions(tenant, others) {
      const { rows } = await sql`
        select key, content->>'question' as question, vector from cached_answers
        where tenant = ${tenant} and scope_key = ${others} and vector is not null and expires_at > now()
        order by used_at desc limit ${questionsMax}
      `.execute(db)
      return rows.map((row) => parseValue(Asked, row, 'a cached question'))
    },
    async keep({ key, answer, bytes, vector, ttlMs }) {
      const content = JSON.stringify({ ...answer, question: key.question })
      await sql`
        insert into cached_answers (tenant, key, scope_key, model, content, bytes, vector, expires_at)
        values (${key.tenant}, ${key.exact}, ${key.others}, ${answer.model}, ${content}::text::jsonb, ${bytes},
          ${vector === undefined ? null : JSON.stringify(vector)}::text::jsonb, now() + ${ttlMs} * interval '1 millisecond')
        on conflict (tenant, key) do update set content = excluded.content, bytes = excluded.bytes, vector = excluded.vector,
          expires_at = excluded.expires_at, used_at = now()
      `.execute(db)
    },
    async forgetOld() {
      await sql`delete from cached_answers where expires_at <= now()`.execute(db)
      await sql`
        delete from cached_answers old using (
          select tenant, key, row_number() over (partition by tenant order by used_at desc) as place from cached_answers
        ) as ranked
        where ranked.place > ${answersMax} and old.tenant = ranked.tenant and old.key = ranked.key
      `.execute(db)
    },
  }
}
