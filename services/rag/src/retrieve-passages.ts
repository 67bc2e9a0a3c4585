import { type ExecuteRequest, earlierMessages, Filter, knowledgeLimits, lastQuestion, type Passage } from '@weft/contracts'
import { type CallScope, overviewRequest, type StepCall, scopeOfStep, usageEvent } from '@weft/models'
import {
  type FoundPassage,
  judgeEvidence,
  passageTitle,
  type SearchHit,
  type SearchOptions,
  type SearchRequest,
} from '@weft/retrieval'
import { z } from 'zod'
import { type Overview, type OverviewTools, openingsOf, spreadOf } from './find-overview.ts'
import type { RewriteQuestion } from './rewrite-question.ts'

/** A passage, and where the search tells it, why it was found. */
export type FoundHit = Passage & { explanation?: SearchHit['explanation'] }

export type RetrieveTools = OverviewTools & {
  search(request: SearchRequest, scope: CallScope, signal?: AbortSignal): Promise<{ results: FoundHit[]; skipped: string[] }>
  rewriteQuestion: RewriteQuestion
  /** Default: `Date.now`. */
  nowMs?(): number
}

const Params = z.looseObject({
  query: z.string().optional(),
  maxResults: z.int().min(1).max(knowledgeLimits.resultsMax).default(8),
  filters: Filter.optional(),
  multiHop: z.boolean().optional(),
})

/**
 * The passages that match the step's query (or the user's last message) in the stores the request names, else in all of the tenant. A query that is the
 * last message goes on from the conversation: it is made to stand alone first, and `rewrittenFrom` tells what it was. Where an overview is asked for, how the
 * documents begin, or what tells most of its topic.
 */
export async function retrievePassages(tools: RetrieveTools, request: ExecuteRequest, call: StepCall): Promise<void> {
  const { maxResults, filters, multiHop, ...params } = Params.parse(request.params)
  const asked = (params.query ?? lastQuestion(request.input.messages)).slice(0, knowledgeLimits.queryCharsMax)
  const query = await standAlone(tools, { asked, request }, call)
  const { vectorStoreIds = [], latencyBudgetMs } = request.context ?? {}
  const overview = filters === undefined ? overviewRequest(query) : undefined
  const rewritten = query === asked ? {} : { rewrittenFrom: asked }
  if (overview !== undefined) {
    const told = await readWhole(tools, { topic: overview.topic, tenant: call.tenant, vectorStoreIds, passagesMax: maxResults })
    if (told !== undefined) {
      tools.onRead({ tenant: call.tenant, vectorStoreIds })
      return tellWhole(told, { query, rewritten }, call)
    }
  }
  const timeMs = searchTimeMs(request.deadline, (tools.nowMs ?? Date.now)())
  const search = {
    tenant: call.tenant,
    vectorStoreIds,
    query: overview?.topic ?? query,
    maxResults,
    ...(filters === undefined ? {} : { filters }),
    options: optionsOf(multiHop, Math.min(timeMs, latencyBudgetMs ?? timeMs)),
  }
  const { results, skipped } = await tools.search(search, scopeOfStep(request, call), call.signal)
  const chain = chainOf(results)
  const evidence = judgeEvidence(search.query, results.map(judgedPassage))
  const searched = search.query === asked ? '' : ` for “${search.query}”`
  const hops = chain.length === 0 ? '' : `, ${chain.length} by way of others`
  call.emit({ type: 'progress', message: `${results.length} passages found${searched}${hops}` })
  for (const reason of skipped) call.emit({ type: 'progress', message: `searched without ${reason}` })
  const output = {
    passages: results.map(passageOf),
    query,
    evidence: Math.round(evidence * 1_000) / 1_000,
    ...rewritten,
    ...(multiHop === true ? { chain } : {}),
    ...degradedBy(skipped),
  }
  call.emit({ type: 'result', output, citations: [], confidence: results[0]?.score ?? 0 })
}

function readWhole(
  tools: OverviewTools,
  { topic, ...request }: { topic: string | undefined; tenant: string; vectorStoreIds: string[]; passagesMax: number },
): Promise<Overview | undefined> {
  return topic === undefined ? openingsOf(tools, request) : spreadOf(tools, { topic, ...request })
}

/** What was asked for is there as soon as there are documents. */
function tellWhole(
  { passages, leftOut }: Overview,
  asked: { query: string; rewritten: { rewrittenFrom?: string } },
  call: StepCall,
): void {
  const evidence = passages.length === 0 ? 0 : 1
  const degraded = leftOut === 0 ? {} : { degraded: [`documents_left_out:${leftOut}`] }
  const more = leftOut === 0 ? '' : `, ${leftOut} documents are left out`
  call.emit({ type: 'progress', message: `${passages.length} passages read for an overview${more}` })
  const output = { passages, query: asked.query, evidence, ...asked.rewritten, ...degraded }
  call.emit({ type: 'result', output, citations: [], confidence: evidence })
}

/** Left for handing on what was found: a second, or a fifth of a step that has less than five. */
function searchTimeMs(deadline: string, nowMs: number): number {
  const leftMs = Date.parse(deadline) - nowMs
  return Math.max(1, Math.round(leftMs - Math.min(1_000, leftMs / 5)))
}

/** A model that is slow is left out before the step's time is over: what was found without it is an answer, and a lost attempt is none. */
function optionsOf(multiHop: boolean | undefined, latencyBudgetMs: number): SearchOptions {
  return { mode: 'hybrid', latencyBudgetMs, ...(multiHop === undefined ? {} : { multiHop }) }
}

/** `search_skipped:` and the part of the search, for the answer to be marked with. */
function degradedBy(skipped: string[]): { degraded?: string[] } {
  const parts = skipped.map((reason) => `search_skipped:${reason.split(':')[0]}`)
  return parts.length === 0 ? {} : { degraded: [...new Set(parts)] }
}

/** What a plan's author asks for in other words is searched as it is. */
async function standAlone(
  { rewriteQuestion }: RetrieveTools,
  { asked, request }: { asked: string; request: ExecuteRequest },
  call: StepCall,
): Promise<string> {
  if (asked.trim() !== lastQuestion(request.input.messages).trim()) return asked
  const question = { question: asked, earlier: earlierMessages(request.input.messages), scope: scopeOfStep(request, call) }
  return rewriteQuestion({ ...question, onUsage: (model, usage) => call.emit(usageEvent(model, usage)) }, call.signal)
}

function judgedPassage(found: FoundHit): FoundPassage {
  const { bm25, vector } = found.explanation ?? {}
  return { text: found.text, title: passageTitle(found), bm25: bm25?.score, cosine: vector?.score }
}

/** Which passage led to which, and by which names: what a search of several hops found by way of others. */
function chainOf(results: FoundHit[]): { from: string; to: string; terms: string[] }[] {
  return results.flatMap(({ chunkId, explanation }) => {
    const via = explanation?.via
    return via === undefined ? [] : [{ from: via.chunkId, to: chunkId, terms: via.terms }]
  })
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
