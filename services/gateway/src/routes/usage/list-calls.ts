import { once } from 'node:events'
import type { RequestHandler, Response } from 'express'
import { z } from 'zod'
import { csvLine } from '../../core/usage-csv.ts'
import { tenantOf } from '../../http/request-context.ts'
import type { CallQuery, UsageCall, UsageStore } from '../../usage/usage-store.ts'
import { Limit, parseQuery } from '../session-params.ts'
import { rangeOf, UsageRangeQuery, wantsCsv } from './usage-query.ts'

const name = z.string().min(1).max(256).optional()

export const ListCallsQuery = UsageRangeQuery.extend({
  limit: Limit,
  after: z.string().max(64).optional(),
  model: name,
  user: name,
  agent: name,
  session: name,
  outcome: z.enum(['completed', 'failed', 'cancelled', 'cached', 'lost']).optional(),
})

/** `GET /v1/usage/calls`: calls of models, newest first. As JSON a page at a time; as CSV all of the range, up to a million calls. */
export function listCalls(usage: Pick<UsageStore, 'calls'>): RequestHandler {
  return async (request, response) => {
    const { format, from, to, ...wish } = parseQuery(ListCallsQuery, request)
    const query = { ...wish, tenant: tenantOf(response), ...rangeOf({ from, to }, Date.now()) }
    if (wantsCsv(request, format)) {
      await sendCsv(usage, query, response)
      return
    }
    const { data, hasMore } = await usage.calls(query)
    response.json({ object: 'list', data, has_more: hasMore })
  }
}

const csvPage = 1_000
const csvRowsMax = 1_000_000

/** Sends page after page, as fast as the client takes them. The first page is read before anything is sent, so that a failure still gets its own status. */
async function sendCsv(usage: Pick<UsageStore, 'calls'>, query: CallQuery, response: Response): Promise<void> {
  let page = await usage.calls({ ...query, limit: csvPage })
  response.type('text/csv').write(csvLine(columns))
  for (let sent = page.data.length; ; sent += page.data.length) {
    const isTaken = response.write(page.data.map((call) => csvLine(columns.map((column) => call[column]))).join('') || '')
    if (!isTaken) await Promise.race([once(response, 'drain'), once(response, 'close')])
    const after = page.data.at(-1)?.id
    if (!page.hasMore || after === undefined || sent >= csvRowsMax || response.destroyed) break
    page = await usage.calls({ ...query, limit: csvPage, after })
  }
  response.end()
}

const columns = [
  'id',
  'startedAt',
  'kind',
  'outcome',
  'errorCode',
  'model',
  'provider',
  'agent',
  'keyId',
  'user',
  'sessionId',
  'turn',
  'stepId',
  'attempt',
  'firstCallId',
  'isStreamed',
  'inputTokens',
  'cachedInputTokens',
  'outputTokens',
  'reasoningTokens',
  'costUsd',
  'measured',
  'priceKnown',
  'durationMs',
  'firstTokenMs',
] as const satisfies readonly (keyof UsageCall)[]
