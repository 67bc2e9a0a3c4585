import type { AgentEvent, Citation, ExecuteRequest, Passage } from '@weft/contracts'
import type { Models } from '@weft/models'
import type { VerifyQuotes } from '@weft/retrieval'
import { executeStep } from '../execute-step.ts'

export const wool = passage('wool.md', 'Wool keeps warm even when wet. Sheep give wool.')
export const silk = passage('silk.md', 'Silk is strong and keeps cool. Moths spin silk.')
export const failed = { status: 'skipped' as const, citations: [] }

export function retrieved(query: string, ...passages: Passage[]) {
  return { status: 'succeeded' as const, output: { passages, query }, citations: [] }
}

export interface Given {
  models: Models
  capability: string
  params?: Record<string, unknown>
  dependencies?: ExecuteRequest['dependencies']
  modelOptions?: Record<string, unknown>
  /** What the question brings along. */
  attachments?: { type: string }[]
  verify?: VerifyQuotes
  signal?: AbortSignal
  onEvent?: (event: AgentEvent) => void
}

/** Executes one step; quotes are taken for verified unless told otherwise. */
export async function runStep(given: Given) {
  const events: AgentEvent[] = []
  const verify: VerifyQuotes = given.verify ?? (async (quotes) => quotes)
  const execute = executeStep({ models: given.models, verifyQuotes: () => verify })
  const emit = (event: AgentEvent) => {
    events.push(event)
    given.onEvent?.(event)
  }
  await execute(requestOf(given), emit, {
    signal: given.signal ?? new AbortController().signal,
    idempotencyKey: 'k',
    tenant: 't',
  })
  const result = events.at(-1)
  if (result?.type !== 'result') throw new TypeError('the last event is no result')
  const text = events.flatMap((event) => (event.type === 'text' ? [event.delta] : [])).join('')
  return { events, result, text }
}

function requestOf({ capability, params = {}, dependencies = {}, modelOptions = {}, attachments = [] }: Given): ExecuteRequest {
  const text = 'Compare wool and silk'
  return {
    sessionId: 'sess_1',
    turn: 1,
    stepId: 'answer',
    attempt: 1,
    capability,
    params,
    input: { messages: [{ role: 'user', content: attachments.length === 0 ? text : [{ type: 'text', text }, ...attachments] }] },
    dependencies,
    context: { tenant: 't', modelOptions },
    deadline: new Date(Date.now() + 60_000).toISOString(),
  }
}

export function passage(filename: string, text: string): Passage {
  return { chunkId: filename, vectorStoreId: 'vs', fileId: filename, filename, text, start: 0, end: text.length, score: 1 }
}

export function citationOf({ fileId, filename, text, start, end }: Passage): Citation {
  return { index: 1, fileId, filename, quote: text, start, end, score: 1, verified: true }
}
