import { z } from 'zod'

export const modes = ['bm25', 'vector', 'hybrid'] as const
export type Mode = (typeof modes)[number]

const Page = z.object({
  data: z.array(
    z.looseObject({
      weft: z.looseObject({
        chunkId: z.string(),
        explanation: z.looseObject({ vector: z.looseObject({ score: z.number() }).optional() }),
      }),
    }),
  ),
})
export type Found = { chunkId: string; vectorScore: number | undefined }

export type Search = (query: string, how: { mode: Mode; filter?: { key: string; value: number } }) => Promise<Found[]>

/** Plain HTTP: a client library would take as much of the machine as the search does. */
export function searchOver({ url, apiKey, storeId }: { url: string; apiKey: string; storeId: string }): Search {
  return async (query, { mode, filter }) => {
    const filters = filter === undefined ? {} : { filters: { type: 'eq', ...filter } }
    const response = await fetch(`${url}/v1/vector_stores/${storeId}/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, max_num_results: 10, weft: { mode }, ...filters }),
    })
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return Page.parse(await response.json()).data.map(({ weft }) => ({
      chunkId: weft.chunkId,
      vectorScore: weft.explanation.vector?.score,
    }))
  }
}

/** Each client asks its next question when the last is answered. Answers what each took, in ms. */
export async function askTogether(search: Search, { questions, clients }: { questions: string[]; clients: number }) {
  const times: number[] = []
  const waiting = questions.values()
  async function ask(): Promise<void> {
    for (const question of waiting) {
      const startedAtMs = performance.now()
      await search(question, { mode: 'hybrid' })
      times.push(performance.now() - startedAtMs)
    }
  }
  await Promise.all(Array.from({ length: clients }, ask))
  return times
}

export type TimesByMode = Record<Mode | 'again', number[]>

/**
 * One after the other in every mode, in an order that changes, each with questions of its own: the vector of a question that was asked before is known.
 * `again`: those of hybrid once more.
 */
export async function askByMode(
  search: Search,
  { count, question }: { count: number; question(): string },
): Promise<TimesByMode> {
  const times: TimesByMode = { bm25: [], vector: [], hybrid: [], again: [] }
  const asked: string[] = []
  async function ask(query: string, mode: Mode): Promise<number> {
    const startedAtMs = performance.now()
    await search(query, { mode })
    return performance.now() - startedAtMs
  }
  for (let index = 0; index < count; index += 1) {
    for (let turn = 0; turn < modes.length; turn += 1) {
      const mode = modes[(index + turn) % modes.length] ?? 'hybrid'
      const query = question()
      if (mode === 'hybrid') asked.push(query)
      times[mode].push(await ask(query, mode))
    }
  }
  for (const query of asked) times.again.push(await ask(query, 'hybrid'))
  return times
}
