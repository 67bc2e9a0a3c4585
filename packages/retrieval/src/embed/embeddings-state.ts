import { z } from 'zod'

/**
 * Which models make vectors: the settings name `chosen`, searches use `active`, and `problem` says why the two differ. `chunks` counts all chunks, and `waiting` those
 * that still need vectors of the active model; `failure` says what keeps files from getting theirs now. `left` is what a rebuild with the chosen model has to embed;
 * its tokens are an estimate, and are fewer when texts are equal. `rebuild.isWaiting` is true while the settings name another model than that of the rebuild.
 */
export const EmbeddingsState = z.object({
  chosen: z.string().nullable(),
  active: z.string().nullable(),
  problem: z.string().nullable(),
  chunks: z.int(),
  waiting: z.int(),
  failure: z.string().nullable(),
  left: z.object({ chunks: z.int(), tokens: z.int() }).nullable(),
  rebuild: z.object({ model: z.string(), startedAt: z.string(), done: z.int(), isWaiting: z.boolean() }).nullable(),
})
export type EmbeddingsState = z.infer<typeof EmbeddingsState>

/** A command about a rebuild; `look` only asks for the state. */
export const SteerEmbedding = z.object({ action: z.enum(['look', 'rebuild', 'cancel']) })
export type SteerEmbedding = z.infer<typeof SteerEmbedding>
