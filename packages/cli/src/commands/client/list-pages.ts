import type OpenAI from 'openai'
import { z } from 'zod'

const itemsMax = 10_000
const pageSize = 100

type ListRequest<T extends z.ZodType<{ id: string }>> = { path: string; item: T; query?: Record<string, string> }

/** Every item of one of Weft's own lists, page by page, at most 10,000. */
export async function listPages<T extends z.ZodType<{ id: string }>>(
  client: OpenAI,
  { path, item, query = {} }: ListRequest<T>,
): Promise<z.infer<T>[]> {
  const Page = z.looseObject({ data: z.array(item), has_more: z.boolean() })
  const items: z.infer<T>[] = []
  while (items.length < itemsMax) {
    const after = items.at(-1)?.id
    const page = Page.parse(
      await client.get(path, { query: { ...query, limit: pageSize, ...(after === undefined ? {} : { after }) } }),
    )
    items.push(...page.data)
    if (!page.has_more || page.data.length === 0) break
  }
  return items
}
