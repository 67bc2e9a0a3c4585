import { WeftError } from '@weft/contracts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { parseQuery } from './session-params.ts'

export const ShortListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).optional(),
  after: z.string().max(256).optional(),
})

interface ShortList<T> {
  items: readonly T[]
  idOf(item: T): string
}

/** Answers a list that is short enough to be read whole: all of it, unless `limit` asks for pages. Throws `invalid_request` for an unknown `after`. */
export function sendList<T>(request: Request, response: Response, { items, idOf }: ShortList<T>): void {
  const { limit = items.length, after } = parseQuery(ShortListQuery, request)
  const start = after === undefined ? 0 : items.findIndex((item) => idOf(item) === after) + 1
  if (after !== undefined && start === 0)
    throw new WeftError('invalid_request', `'after' names no item of this list: ${after}`, { param: 'after' })
  const data = items.slice(start, start + limit)
  response.json({ object: 'list', data, has_more: start + data.length < items.length })
}
