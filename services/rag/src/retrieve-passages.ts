import { type ExecuteRequest, Filter, knowledgeLimits, lastQuestion, type Passage } from '@weft/contracts'
import type { StepCall } from '@weft/models'
import type { SearchRequest } from '@weft/retrieval'
import { z } from 'zod'

export type RetrieveTools = { search(request: SearchRequest): Promise<{ results: Passage[] }> }

const Params = z.looseObject({
  query: z.string().optional(),
  maxResults: z.int().min(1).max(knowledgeLimits.resultsMax).default(8),
  filters: Filter.optional(),
})

/** The passages that match the step's query (or the user's last message) in the stores the request names, else in all of the tenant. */
export async function retrievePassages(tools: RetrieveTools, request: ExecuteRequest, call: StepCall): Promise<void> {
  const { maxResults, filters, ...params } = Params.parse(request.params)
  const query = (params.query ?? lastQuestion(request.input.messages)).slice(0, knowledgeLimits.queryCharsMax)
  const vectorStoreIds = request.context?.vectorStoreIds ?? []
  const { results } = await tools.search({
    tenant: call.tenant,
    vectorStoreIds,
    query,
    maxResults,
    ...(filters === undefined ? {} : { filters }),
  })
  call.emit({ type: 'progress', message: `${results.length} passages found` })
  const passages = results.map(passageOf)
  call.emit({ type: 'result', output: { passages, query }, citations: [], confidence: passages[0]?.score ?? 0 })
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
