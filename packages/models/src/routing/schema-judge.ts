import { z } from 'zod'
import { createAskedThread } from '../threads/asked-thread.ts'
import { type AnswerClaims, type ClaimedJson, hasRequired, type JudgedAnswer, rewardOf } from './core/judge-answer.ts'

/** Judges whether answers keep to their schemas. */
export interface SchemaJudge {
  judge(claims: AnswerClaims): Promise<JudgedAnswer>
  stop(): Promise<void>
}

/** Longer texts, and texts of longer schemas, are only checked for their required fields. */
const textCharsMax = 262_144
const schemaCharsMax = 65_536

/**
 * Validates with ajv in a thread of its own, for a second at most: with some schemas of clients no validator comes to an end. What cannot be validated is judged by
 * its required fields.
 */
export function createSchemaJudge({ patienceMs = 1_000 }: { patienceMs?: number } = {}): SchemaJudge {
  const answer = z.array(z.boolean().nullable())
  const thread = createAskedThread<ClaimedJson[], (boolean | null)[]>({
    module: new URL('./schema-thread.ts', import.meta.url),
    answer,
    waitingMax: 64,
    patienceMs,
    endsWhenLate: true,
    idleMs: 60_000,
  })
  return {
    async judge(claims) {
      const asked = claims.claimed.filter(isValidated)
      const said = asked.length === 0 ? [] : await thread.ask(asked)
      const isKept = claims.claimed.map((claim) => said?.[asked.indexOf(claim)] ?? hasRequired(claim))
      return rewardOf(claims, isKept)
    },
    stop: thread.stop,
  }
}

function isValidated({ text, schema }: ClaimedJson): boolean {
  return schema !== undefined && text.length <= textCharsMax && JSON.stringify(schema).length <= schemaCharsMax
}
