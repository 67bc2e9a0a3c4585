import { currentSessionId, failSpan, genAi, recordModelCall, startSpan } from '@weft/telemetry'
import type { ModelError } from '../model-error.ts'
import type { FinishReason, ModelUsage } from '../model-event.ts'
import type { ModelInfo } from '../registry/catalog.ts'
import { upstreamNameOf } from '../registry/read-registry.ts'
import type { CallFacts } from './call-controls.ts'

/** Makes one model call visible: as a CLIENT span with OpenTelemetry's GenAI names, and as metrics of its tokens, cost and times. */
export interface CallObserver {
  response(facts: { id?: string | undefined; model?: string | undefined }): void
  firstToken(): void
  finish(reason: FinishReason): void
  /** Ends the span; further calls do nothing. */
  end(usage: ModelUsage, failure?: ModelError): void
}

interface ObservedCall {
  /** Default `chat`. */
  kind?: CallFacts['kind']
  model: ModelInfo
  maxOutputTokens?: unknown
  temperature?: unknown
}

export function observeCall(call: ObservedCall): CallObserver {
  const { kind = 'chat', model } = call
  const { operation, spanKind } = operations[kind]
  const startedAt = performance.now()
  const name = upstreamNameOf(model.id)
  const span = startSpan(`${operation} ${name}`, { kind: 'client' })
  const isSent = span.isRecording()
  if (isSent)
    span
      .setAttributes(requestAttributes(call, name))
      .setAttributes({ [genAi.operationName]: operation, [genAi.openInferenceSpanKind]: spanKind })
  let timeToFirstChunkS: number | undefined
  let isEnded = false
  return {
    response({ id, model: answeredBy }) {
      if (id !== undefined) span.setAttribute(genAi.responseId, id)
      if (answeredBy !== undefined) span.setAttribute(genAi.responseModel, answeredBy)
    },
    firstToken() {
      if (timeToFirstChunkS !== undefined) return
      timeToFirstChunkS = (performance.now() - startedAt) / 1_000
      span.setAttribute(genAi.responseTimeToFirstChunk, timeToFirstChunkS)
    },
    finish: (reason) => span.setAttribute(genAi.responseFinishReasons, [reason]),
    end(usage, failure) {
      if (isEnded) return
      isEnded = true
      const { inputTokens, outputTokens, costUsd, measured } = usage
      if (isSent)
        span.setAttributes({
          [genAi.usageInputTokens]: inputTokens,
          [genAi.usageOutputTokens]: outputTokens,
          [genAi.llmCostTotal]: costUsd,
        })
      if (failure !== undefined) failSpan(span, failure)
      span.end()
      const durationS = (performance.now() - startedAt) / 1_000
      const { id, provider } = model
      recordModelCall({
        model: id,
        provider,
        operation,
        inputTokens,
        outputTokens,
        costUsd,
        durationS,
        timeToFirstChunkS,
        measured,
        errorType: failure?.code,
      })
    },
  }
}

/** The names of operations are OpenTelemetry's GenAI's, except `rerank`, for which it has none; the kinds of spans are OpenInference's. */
const operations = {
  chat: { operation: 'chat', spanKind: 'LLM' },
  embedding: { operation: 'embeddings', spanKind: 'EMBEDDING' },
  rerank: { operation: 'rerank', spanKind: 'RERANKER' },
} as const

/** Never records content: prompts belong to the users. */
function requestAttributes({ model, maxOutputTokens, temperature }: ObservedCall, name: string): Record<string, string | number> {
  const attributes: Record<string, unknown> = {
    [genAi.providerName]: model.provider,
    [genAi.requestModel]: name,
    [genAi.requestMaxTokens]: maxOutputTokens,
    [genAi.requestTemperature]: temperature,
    [genAi.conversationId]: currentSessionId(),
    [genAi.embeddingsDimensionCount]: model.dimensions,
  }
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[key, value]] : [],
    ),
  )
}
