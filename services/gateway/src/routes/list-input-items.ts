import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { type InputOfResponseDeps, inputOfResponse } from '../answers/input-of-response.ts'
import { tenantOf } from '../http/request-context.ts'
import { Limit, parseQuery } from './session-params.ts'

const ListInputItemsQuery = z.object({
  limit: Limit,
  order: z.enum(['asc', 'desc']).default('desc'),
  after: z.string().max(512).optional(),
})

/** `GET /v1/responses/{id}/input_items`: the items that a response was made from; newest first, unless `order` says otherwise. */
export function listInputItems(deps: InputOfResponseDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { limit, order, after } = parseQuery(ListInputItemsQuery, request)
    const items = await inputOfResponse(deps, { tenant: tenantOf(response), id: request.params.id })
    const ordered = order === 'asc' ? items : items.toReversed()
    const at = after === undefined ? -1 : ordered.findIndex(({ id }) => id === after)
    if (after !== undefined && at < 0)
      throw new WeftError('invalid_request', `'after' names no item of this list: ${after}`, { param: 'after' })
    const data = ordered.slice(at + 1, at + 1 + limit)
    const ends = { first_id: data[0]?.id ?? '', last_id: data.at(-1)?.id ?? '' }
    response.json({ object: 'list', data, ...ends, has_more: at + 1 + limit < ordered.length })
  }
}
