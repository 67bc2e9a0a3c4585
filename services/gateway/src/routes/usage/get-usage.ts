import type { RequestHandler } from 'express'
import { csvLine } from '../../core/usage-csv.ts'
import { tenantOf } from '../../http/request-context.ts'
import type { UsageGroup, UsageLine, UsageStore } from '../../usage/usage-store.ts'
import { queryInteger } from '../query-integer.ts'
import { parseQuery } from '../session-params.ts'
import { GroupBy, rangeOf, UsageRangeQuery, wantsCsv } from './usage-query.ts'

export const UsageQuery = UsageRangeQuery.extend({
  group_by: GroupBy,
  limit: queryInteger({ min: 1, max: 10_000 }).default(1_000),
})

/** `GET /v1/usage`: tokens and cost of the tenant's calls, added up by what `group_by` names, as JSON or CSV. */
export function getUsage(usage: Pick<UsageStore, 'sum' | 'removedUntil'>): RequestHandler {
  return async (request, response) => {
    const { group_by: groupBy, limit, format, ...times } = parseQuery(UsageQuery, request)
    const range = rangeOf(times, Date.now())
    const tenant = tenantOf(response)
    const { lines, hasMore } = await usage.sum({ tenant, ...range, groupBy, limit })
    // Read after the sums, so that it covers everything that had been removed when the sums were computed.
    const removedUntil = await usage.removedUntil(tenant)
    // Only told when the range includes calls that were removed, which the sums therefore lack.
    const lacking = removedUntil !== undefined && Date.parse(removedUntil) >= range.fromMs ? removedUntil : undefined
    if (wantsCsv(request, format)) {
      response.type('text/csv').setHeader('x-weft-has-more', String(hasMore))
      if (lacking !== undefined) response.setHeader('x-weft-removed-until', lacking)
      response.send(csvOf(lines, groupBy))
      return
    }
    const { fromMs, toMs } = range
    const from = new Date(fromMs).toISOString()
    const removed = lacking === undefined ? {} : { removedUntil: lacking }
    response.json({ object: 'list', from, to: new Date(toMs).toISOString(), ...removed, data: lines, has_more: hasMore })
  }
}

const sumColumns = ['calls', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'reasoningTokens', 'costUsd'] as const

function csvOf(lines: UsageLine[], groupBy: readonly UsageGroup[]): string {
  const head = csvLine([...groupBy, ...sumColumns, 'estimatedCalls', 'estimatedCostUsd'])
  const body = lines.map((line) =>
    csvLine([
      ...groupBy.map((group) => line[group]),
      ...sumColumns.map((column) => line[column]),
      line.estimated.calls,
      line.estimated.costUsd,
    ]),
  )
  return head + body.join('')
}
