import { recordModelCall, startSpan } from '@weft/telemetry'
import type { ModelInfo } from './catalog.ts'
import type { ModelError } from './model-error.ts'
import type { FinishReason, ModelUsage } from './model-event.ts'
import type { ModelRequest } from './model-request.ts'
import { upstreamNameOf } from './read-registry.ts'

/** Follows one model call: a CLIENT span with the GenAI names, and the call's tokens, cost and times as metrics. */
export interface CallObserver {
  response(facts: { id?: string | undefined; model?: string | undefined }): void
  firstToken(): void
  finish(reason: FinishReason): void
  /** Ends the span; further calls do nothing. */
  end(usage: ModelUsage, failure?: ModelError): void
}

interface ObservedCall {
  model: ModelInfo
  request?: ModelRequest | undefined
  /** The options of a chat completion body that is relayed unparsed. */
  options?: Record<string, unknown> | undefined
}

export function observeCall(call: ObservedCall): CallObserver {
  const { model } = call
  const startedAt = performance.now()
  const name = upstreamNameOf(model.id)
  const span = startSpan(`chat ${name}`, { kind: 'client', attributes: requestAttributes(call, name) })
  let ttftS: number | undefined
  let isEnded = false
  return {
    response({ id, model: answeredBy }) {
      if (id !== undefined) span.setAttribute('gen_ai.response.id', id)
      if (answeredBy !== undefined) span.setAttribute('gen_ai.response.model', answeredBy)
    },
    firstToken() {
      if (ttftS !== undefined) return
      ttftS = (performance.now() - startedAt) / 1_000
      span.setAttribute('gen_ai.response.time_to_first_chunk', ttftS)
    },
    finish: (reason) => span.setAttribute('gen_ai.response.finish_reasons', [reason]),
    end(usage, failure) {
      if (isEnded) return
      isEnded = true
      const { inputTokens, outputTokens, costUsd, measured } = usage
      span.setAttributes({
        'gen_ai.usage.input_tokens': inputTokens,
        'gen_ai.usage.output_tokens': outputTokens,
        'llm.cost.total': costUsd,
      })
      if (failure !== undefined) {
        span.setAttribute('error.type', failure.code)
        span.setStatus({ code: 2, message: failure.message })
      }
      span.end()
      const durationS = (performance.now() - startedAt) / 1_000
      const { id, provider } = model
      recordModelCall({
        model: id,
        provider,
        inputTokens,
        outputTokens,
        costUsd,
        durationS,
        ttftS,
        measured,
        errorType: failure?.code,
      })
    },
  }
}

/** Content is never recorded here: prompts are the users'. */
function requestAttributes({ model, request, options }: ObservedCall, name: string): Record<string, string | number> {
  const attributes: Record<string, unknown> = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': model.provider,
    'gen_ai.request.model': name,
    'gen_ai.request.max_tokens': request?.maxOutputTokens ?? options?.max_completion_tokens ?? options?.max_tokens,
    'gen_ai.request.temperature': request?.temperature ?? options?.temperature,
    'gen_ai.request.top_p': request?.topP ?? options?.top_p,
    'openinference.span.kind': 'LLM',
  }
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[key, value]] : [],
    ),
  )
}
