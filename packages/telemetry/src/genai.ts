import { metrics } from '@opentelemetry/api'
import { durationBucketsS } from './metrics.ts'

/** Names of OpenTelemetry's GenAI conventions (v1.41.1, development): the only place that spells them. */
export const genAi = {
  operationName: 'gen_ai.operation.name',
  providerName: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  requestMaxTokens: 'gen_ai.request.max_tokens',
  requestTemperature: 'gen_ai.request.temperature',
  requestTopK: 'gen_ai.request.top_k',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  responseFinishReasons: 'gen_ai.response.finish_reasons',
  responseTimeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  usageInputTokens: 'gen_ai.usage.input_tokens',
  usageOutputTokens: 'gen_ai.usage.output_tokens',
  conversationId: 'gen_ai.conversation.id',
  agentName: 'gen_ai.agent.name',
  agentId: 'gen_ai.agent.id',
  agentVersion: 'gen_ai.agent.version',
  toolName: 'gen_ai.tool.name',
  workflowName: 'gen_ai.workflow.name',
  dataSourceId: 'gen_ai.data_source.id',
  tokenType: 'gen_ai.token.type',
  errorType: 'error.type',
  sessionId: 'session.id',
  llmCostTotal: 'llm.cost.total',
} as const

export interface ModelCall {
  model: string
  provider: string
  operation?: string
  inputTokens: number
  outputTokens: number
  costUsd: number
  /** Whether the provider counted the tokens; otherwise they are estimated. */
  measured: boolean
  durationS: number
  timeToFirstChunkS?: number | undefined
  errorType?: string | undefined
}

/** Counts tokens, cost and duration of a model call; every call of every provider passes here. */
export function recordModelCall(call: ModelCall): void {
  const { tokens, duration, firstChunk, cost } = instruments()
  const labels = { [genAi.operationName]: call.operation ?? 'chat', [genAi.providerName]: call.provider, [genAi.requestModel]: call.model }
  const measured = { ...labels, measured: call.measured }
  tokens.add(call.inputTokens, { ...measured, [genAi.tokenType]: 'input' })
  tokens.add(call.outputTokens, { ...measured, [genAi.tokenType]: 'output' })
  cost.add(call.costUsd, measured)
  duration.record(call.durationS, call.errorType === undefined ? labels : { ...labels, [genAi.errorType]: call.errorType })
  if (call.timeToFirstChunkS !== undefined) firstChunk.record(call.timeToFirstChunkS, labels)
}

type Instruments = ReturnType<typeof createInstruments>
let created: Instruments | undefined

/** Made at the first call, when the process has started its metrics. */
function instruments(): Instruments {
  created ??= createInstruments()
  return created
}

function createInstruments() {
  const meter = metrics.getMeter('weft')
  const advice = { explicitBucketBoundaries: durationBucketsS }
  return {
    tokens: meter.createCounter('gen_ai.client.token.usage', { description: 'Tokens of model calls' }),
    cost: meter.createCounter('weft_cost_usd', { description: 'Cost of model calls in USD' }),
    duration: meter.createHistogram('gen_ai.client.operation.duration', { description: 'Duration of model calls', unit: 's', advice }),
    firstChunk: meter.createHistogram('gen_ai.client.operation.time_to_first_chunk', { description: 'Time to the first chunk', unit: 's', advice }),
  }
}
