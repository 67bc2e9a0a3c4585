import { WeftError } from '@weft/contracts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { queryInteger } from './query-integer.ts'
import { parseQuery } from './session-params.ts'

export const ShortListQuery = z.object({
  limit: queryInteger({ min: 1, max: 100 }).optional(),
  after: z.string().max(256).optional(),
})

interface ShortList<T> {
  items: readonly T[]
  idOf(item: T): string
  /** The ids of the items that come after one that is no longer in the list; resolves to undefined when that is not known. */
  behind?(id: string): Promise<string[] | undefined>
}

/** Answers a list that is short enough to be in memory: all of it, unless `limit` asks for pages. Throws `invalid_request` for an unknown `after`. */
export async function sendList<T>(request: Request, response: Response, list: ShortList<T>): Promise<void> {
  const { items } = list
  const { limit = items.length, after } = parseQuery(ShortListQuery, request)
  const start = after === undefined ? 0 : await startBehind(after, list)
  const data = items.slice(start, start + limit)
  response.json({ object: 'list', data, has_more: start + data.length < items.length })
}

async function startBehind<T>(after: string, { items, idOf, behind }: ShortList<T>): Promise<number> {
  const at = items.findIndex((item) => idOf(item) === after)
  if (at >= 0) return at + 1
  const left = await behind?.(after)
  if (left === undefined)
    throw new WeftError('invalid_request', `'after' names no item of this list: ${after}`, { param: 'after' })
  const next = items.findIndex((item) => left.includes(idOf(item)))
  return next < 0 ? items.length : next
}
