import { z } from 'zod'

/**
 * Which models make vectors: `chosen` by the settings, `active` in searches; `problem` says why they differ. `left`: what a rebuild with the chosen one has
 * to embed, of so many `chunks`; its tokens are estimated, and texts that are equal are embedded once. A rebuild waits while the settings
 * choose another model than its own. `waiting`: chunks that are to get vectors of the active model; `failure`: what keeps files from getting theirs now.
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

/** What is to be done about a rebuild. */
export const SteerEmbedding = z.object({ action: z.enum(['look', 'rebuild', 'cancel']) })
export type SteerEmbedding = z.infer<typeof SteerEmbedding>
