import { rebuildPace } from './rebuild-pace.ts'
import { z } from 'zod'
import { progressBar } from './terminal.ts'

export const EmbeddingsStateSchema = z.looseObject({
  chosen: z.string().nullable(),
  active: z.string().nullable(),
  problem: z.string().nullable(),
  chunks: z.number(),
  waiting: z.number(),
  failure: z.string().nullable(),
  left: z.object({ chunks: z.number(), tokens: z.number() }).nullable(),
  rebuild: z.object({ model: z.string(), startedAt: z.string(), done: z.number(), isWaiting: z.boolean() }).nullable(),
})
export type EmbeddingsState = z.infer<typeof EmbeddingsStateSchema>

/** What a rebuild embeds and costs at most, or that there is nothing to do. `usd` is the price of a million tokens; undefined when it is not known. */
export function describeRebuildCost({ chosen, left, chunks }: EmbeddingsState, usd: number | undefined): string {
  if (chosen === null || left === null) return 'no embedding model is set up: set WEFT_EMBEDDER, and start again'
  if (left.chunks === 0) return `all ${chunks} chunks have vectors of ${chosen}`
  const cost =
    usd === undefined ? 'at a price that is not known here' : `for at most ${((left.tokens / 1_000_000) * usd).toFixed(2)} USD`
  return `${left.chunks} of ${chunks} chunks to embed with ${chosen}: about ${left.tokens} tokens ${cost}`
}

export function describeEmbeddings(state: EmbeddingsState, nowMs: number): string[] {
  const { chosen, active, problem, chunks, waiting, failure, rebuild } = state
  return [
    `searches go by ${active === null ? 'words' : `words and the vectors of ${active}`}`,
    ...(chosen === active ? [] : [`set up is ${chosen ?? 'no model'}`]),
    ...(problem === null ? [] : [problem]),
    ...(waiting === 0 ? [] : [`${waiting} of ${chunks} chunks wait for their vectors`]),
    ...(failure === null ? [] : [failure]),
    ...(rebuild === null ? [] : [describeRebuild(rebuild, chunks, nowMs)]),
  ]
}

/** One line about a rebuild. Its pace is the mean since it began, including times when nothing was made. */
function describeRebuild(
  { model, startedAt, done, isWaiting }: NonNullable<EmbeddingsState['rebuild']>,
  chunks: number,
  nowMs: number,
): string {
  const pace = rebuildPace({ done, left: chunks - done, tookMs: nowMs - Date.parse(startedAt) })
  const state = isWaiting ? `; it waits until ${model} is set up again` : pace === '' ? '' : `, ${pace}`
  return `rebuild with ${model} since ${startedAt}: ${progressBar(done, chunks)}${state}`
}
