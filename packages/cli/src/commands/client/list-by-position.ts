import type OpenAI from 'openai'
import { z } from 'zod'

const entriesMax = 10_000
const pageSize = 100

/** The entries of a chain, oldest first, page by page, at most 10,000 of those after a position. */
export async function listByPosition<T extends z.ZodType<{ position: number }>>(
  client: OpenAI,
  { path, entry, after: from }: { path: string; entry: T; after?: number | undefined },
): Promise<z.infer<T>[]> {
  const Page = z.object({ data: z.array(entry), has_more: z.boolean() })
  const entries: z.infer<T>[] = []
  for (let hasMore = true; hasMore && entries.length < entriesMax; ) {
    const after = entries.at(-1)?.position ?? from
    const page = Page.parse(await client.get(path, { query: { limit: pageSize, ...(after === undefined ? {} : { after }) } }))
    entries.push(...page.data)
    hasMore = page.has_more && page.data.length > 0
  }
  return entries
}
