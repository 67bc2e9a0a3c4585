import { onceStarted } from './instruments.ts'
import { durationBucketsS } from './metrics.ts'

/**
 * Names of OpenTelemetry's GenAI conventions (v1.41.1, development), and of OpenInference where those have none:
 * the only place that spells them.
 */
export const genAi = {
  operationName: 'gen_ai.operation.name',
  providerName: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  requestMaxTokens: 'gen_ai.request.max_tokens',
  requestTemperature: 'gen_ai.request.temperature',
  requestTopP: 'gen_ai.request.top_p',
  /** Of a retrieval: how many passages were asked for. */
  requestTopK: 'gen_ai.request.top_k',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  responseFinishReasons: 'gen_ai.response.finish_reasons',
  /** Seconds. */
  responseTimeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  usageInputTokens: 'gen_ai.usage.input_tokens',
  usageOutputTokens: 'gen_ai.usage.output_tokens',
  conversationId: 'gen_ai.conversation.id',
  embeddingsDimensionCount: 'gen_ai.embeddings.dimension.count',
  dataSourceId: 'gen_ai.data_source.id',
  agentId: 'gen_ai.agent.id',
  agentName: 'gen_ai.agent.name',
  agentVersion: 'gen_ai.agent.version',
  workflowName: 'gen_ai.workflow.name',
  toolName: 'gen_ai.tool.name',
  toolType: 'gen_ai.tool.type',
  toolCallId: 'gen_ai.tool.call.id',
  tokenType: 'gen_ai.token.type',
  errorType: 'error.type',
  sessionId: 'session.id',
  /** USD; OpenTelemetry has no cost. */
  llmCostTotal: 'llm.cost.total',
  /** LLM, CHAIN, AGENT, RETRIEVER, EMBEDDING, TOOL, RERANKER. */
  openInferenceSpanKind: 'openinference.span.kind',
  /** Draw the plan's graph in Phoenix. */
  graphNodeId: 'graph.node.id',
  graphNodeParentId: 'graph.node.parent_id',
} as const

export interface ModelCall {
  model: string
  provider: string
  /** `gen_ai.operation.name`; default `chat`. */
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
  const labels = {
    [genAi.operationName]: call.operation ?? 'chat',
    [genAi.providerName]: call.provider,
    [genAi.requestModel]: call.model,
  }
  const measured = { ...labels, measured: call.measured }
  tokens.record(call.inputTokens, { ...measured, [genAi.tokenType]: 'input' })
  tokens.record(call.outputTokens, { ...measured, [genAi.tokenType]: 'output' })
  cost.add(call.costUsd, measured)
  duration.record(call.durationS, call.errorType === undefined ? labels : { ...labels, [genAi.errorType]: call.errorType })
  if (call.timeToFirstChunkS !== undefined) firstChunk.record(call.timeToFirstChunkS, labels)
}

/** Powers of four up to 64 Mi tokens, as the GenAI conventions advise for `gen_ai.client.token.usage`. */
const tokenBuckets = Array.from({ length: 14 }, (_, power) => 4 ** power)

const instruments = onceStarted((meter) => {
  const inSeconds = { unit: 's', advice: { explicitBucketBoundaries: durationBucketsS } }
  return {
    tokens: meter.createHistogram('gen_ai.client.token.usage', {
      description: 'Tokens of model calls',
      unit: '{token}',
      advice: { explicitBucketBoundaries: tokenBuckets },
    }),
    // Prometheus shows it as weft_cost_usd_total.
    cost: meter.createCounter('weft_cost_usd', { description: 'Cost of model calls in USD' }),
    duration: meter.createHistogram('gen_ai.client.operation.duration', {
      description: 'Duration of model calls',
      ...inSeconds,
    }),
    firstChunk: meter.createHistogram('gen_ai.client.operation.time_to_first_chunk', {
      description: 'Time to the first chunk of model calls',
      ...inSeconds,
    }),
  }
})
