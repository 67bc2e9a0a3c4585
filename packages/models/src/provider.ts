import type { ModelTimeouts } from './attempt/call-guard.ts'
import type { ProviderEvent } from './model-event.ts'
import type { ModelRequest } from './model-request.ts'

export interface ProviderCall {
  request: ModelRequest
  /** The provider's own name of the model. */
  modelName: string
  /** What the model can do by the registry; undefined for a model that it does not know. */
  capabilities?: readonly string[] | undefined
  outputTokensMax?: number | undefined
  signal: AbortSignal
}

/** Speaks the wire of one provider. Failures are thrown as ModelError, except aborts, which the caller explains. */
export interface ModelProvider {
  id: string
  stream(call: ProviderCall): AsyncIterable<ProviderEvent>
  /** Names of the models it serves, in its own order. */
  listModelNames(signal?: AbortSignal): Promise<string[]>
}

/** Where and how a provider is reached. */
export interface ProviderConnection {
  id: string
  baseUrl: string
  apiKey?: string | undefined
  keyVariable?: string | undefined
  maxTokensField: 'max_tokens' | 'max_completion_tokens'
  streamUsage: 'asked' | 'always'
  timeouts: ModelTimeouts
}
