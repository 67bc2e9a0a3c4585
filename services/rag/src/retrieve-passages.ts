import { type ExecuteRequest, Filter, knowledgeLimits, lastQuestion, type Passage } from '@weft/contracts'
import { type CallScope, scopeOfStep, type StepCall } from '@weft/models'
import type { SearchRequest } from '@weft/retrieval'
import { z } from 'zod'

export type RetrieveTools = {
  search(request: SearchRequest, scope: CallScope): Promise<{ results: Passage[]; skipped: string[] }>
}

const Params = z.looseObject({
  query: z.string().optional(),
  maxResults: z.int().min(1).max(knowledgeLimits.resultsMax).default(8),
  filters: Filter.optional(),
})

/** The passages that match the step's query (or the user's last message) in the stores the request names, else in all of the tenant. */
export async function retrievePassages(tools: RetrieveTools, request: ExecuteRequest, call: StepCall): Promise<void> {
  const { maxResults, filters, ...params } = Params.parse(request.params)
  const query = (params.query ?? lastQuestion(request.input.messages)).slice(0, knowledgeLimits.queryCharsMax)
  const { vectorStoreIds = [], latencyBudgetMs } = request.context ?? {}
  const search = {
    tenant: call.tenant,
    vectorStoreIds,
    query,
    maxResults,
    ...(filters === undefined ? {} : { filters }),
    ...(latencyBudgetMs === undefined ? {} : { options: { mode: 'hybrid' as const, latencyBudgetMs } }),
  }
  const { results, skipped } = await tools.search(search, scopeOfStep(request, call))
  call.emit({ type: 'progress', message: `${results.length} passages found` })
  for (const reason of skipped) call.emit({ type: 'progress', message: `searched without ${reason}` })
  const passages = results.map(passageOf)
  call.emit({
    type: 'result',
    output: { passages, query, ...degradedBy(skipped) },
    citations: [],
    confidence: passages[0]?.score ?? 0,
  })
}

/** `search_skipped:` and the part of the search, for the answer to be marked with. */
function degradedBy(skipped: string[]): { degraded?: string[] } {
  const parts = skipped.map((reason) => `search_skipped:${reason.split(':')[0]}`)
  return parts.length === 0 ? {} : { degraded: [...new Set(parts)] }
}

/** Attributes and ranking details stay behind: plans carry passages through the actor's state. */
function passageOf(hit: Passage): Passage {
  const { chunkId, vectorStoreId, fileId, filename, text, start, end, page, heading, score } = hit
  return {
    chunkId,
    vectorStoreId,
    fileId,
    filename,
    text,
    start,
    end,
    score,
    ...(page === undefined ? {} : { page }),
    ...(heading === undefined ? {} : { heading }),
  }
}
