import type { AgentEvent, ExecuteRequest, Passage, UnverifiedSentences } from '@weft/contracts'
import { createModels, type ModelRequest, type Models } from '@weft/models'
import type { VerifyQuotes } from '@weft/retrieval'
import { answerQuestion } from '../answer-question.ts'

const whale = 'The heart of a blue whale weighs about 180 kg. It beats eight times a minute. Whales are mammals.'
export const whalePassage: Passage = {
  chunkId: 'c',
  vectorStoreId: 'vs',
  fileId: 'file_1',
  filename: 'whales.md',
  text: whale,
  start: 10,
  end: 10 + whale.length,
  score: 1,
}
type Given = {
  question: string
  passages?: Passage[]
  dependencies?: ExecuteRequest['dependencies']
  verify?: VerifyQuotes
  models?: Models
  model?: ExecuteRequest['model']
  modelOptions?: Record<string, unknown>
  unverified?: UnverifiedSentences
  abstainBelow?: number
  attachments?: { type: string }[]
  widen?: (tenant: string, passages: Passage[]) => Promise<Passage[]>
}

/** Answers one question; quotes are taken for verified unless told otherwise. */
export async function answer(given: Given) {
  const events: AgentEvent[] = []
  const passages = given.passages ?? [whalePassage]
  const dependencies = given.dependencies ?? { find: { status: 'succeeded', output: { passages, query: '' }, citations: [] } }
  const request: ExecuteRequest = {
    sessionId: 's',
    turn: 1,
    stepId: 'answer',
    attempt: 1,
    capability: 'answer',
    params: {},
    deadline: '2100-01-01T00:00:00Z',
    dependencies,
    input: { messages: [{ role: 'user', content: [{ type: 'text', text: given.question }, ...(given.attachments ?? [])] }] },
    context: { tenant: 't', modelOptions: given.modelOptions ?? {}, unverified: given.unverified },
    ...(given.model === undefined ? {} : { model: given.model }),
  }
  const tools = {
    models: given.models ?? offline(),
    verifyQuotes: () => given.verify ?? (async (quotes) => quotes),
    abstainBelow: () => given.abstainBelow ?? 0.1,
    widen: given.widen,
  }
  await answerQuestion(tools, request, {
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    tenant: 't',
    agent: 'rag',
  })
  const text = events.map((event) => (event.type === 'text' ? event.delta : '')).join('')
  const result = events.find((event) => event.type === 'result')
  if (result === undefined) throw new Error('no result')
  return { text, result, events }
}

/** Nothing is known of what it can do. */
export const plainModel = { id: 'openai/default', provider: 'openai', priceKnown: true }

function offline(): Models {
  return createModels({ settings: {}, telemetry: { logger: { info: () => undefined } } })
}

/** The offline models with another voice. */
export function scripted(deltas: string[], asked: ModelRequest[] = []): Models {
  return {
    ...offline(),
    defaultModelId: async () => 'openai/default',
    async *stream(request) {
      asked.push(request)
      for (const delta of deltas) yield { type: 'text', delta }
      yield { type: 'finish', reason: 'stop' }
      yield { type: 'usage', inputTokens: 1, outputTokens: 1, costUsd: 0, measured: true, priceKnown: true }
    },
  }
}
