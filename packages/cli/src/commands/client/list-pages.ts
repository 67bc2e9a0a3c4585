import type OpenAI from 'openai'
import { z } from 'zod'

const itemsMax = 10_000
const pageSize = 100

interface ListRequest<T extends z.ZodType> {
  path: string
  item: T
  /** The value of `after` that asks for the items after this one. */
  cursorOf(item: z.infer<T>): string | number
  /** Only the items after this cursor; default: all. */
  after?: string | number | undefined
}

/** The items of one of Weft's own lists, read page by page, at most 10,000. */
export async function listPages<T extends z.ZodType>(
  client: OpenAI,
  { path, item, cursorOf, after }: ListRequest<T>,
): Promise<z.infer<T>[]> {
  const Page = z.object({ data: z.array(item), has_more: z.boolean() })
  const items: z.infer<T>[] = []
  let cursor = after
  for (let hasMore = true; hasMore && items.length < itemsMax; ) {
    const query = { limit: pageSize, ...(cursor === undefined ? {} : { after: cursor }) }
    const page = Page.parse(await client.get(path, { query }))
    items.push(...page.data)
    const last = page.data.at(-1)
    if (last !== undefined) cursor = cursorOf(last)
    hasMore = page.has_more && last !== undefined
  }
  return items
}
