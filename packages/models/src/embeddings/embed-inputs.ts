import type { Embedder } from '@weft/contracts'
import type { AttemptCall } from '../attempt/attempt-call.ts'
import type { CallControls } from '../attempt/call-controls.ts'
import { type ModelTimeouts, patienceWith } from '../attempt/call-guard.ts'
import type { CallScope } from '../attempt/call-scope.ts'
import { type Attempt, openAttempt } from '../attempt/open-attempt.ts'
import { ModelError } from '../model-error.ts'
import type { ModelUsage } from '../model-event.ts'
import { type Catalog, type ModelInfo, requireModel } from '../registry/catalog.ts'
import { estimateTokens } from '../tokens/estimate-tokens.ts'
import { embedLocally } from './embed-locally.ts'
import { embedRemotely } from './embed-remotely.ts'
import type { EmbeddingCall, MadeVectors } from './embedding-call.ts'
import { encodeVector, lengthOfVector, type SentVector } from './embedding-values.ts'
import { type EmbeddingsRequest, inputsOf } from './embeddings-request.ts'

export interface EmbeddingContext {
  catalog: Catalog
  timeouts: ModelTimeouts
  controls: CallControls
  /** The embedder of this mesh; undefined when there is none. */
  localEmbedder: Pick<Embedder, 'embed'> | undefined
  scope: CallScope
  signal?: AbortSignal | undefined
  onFailedUse?: AttemptCall['onFailedUse']
}

/** `body` is the answer on OpenAI's wire, as JSON text. */
export interface EmbeddingAnswer {
  body: string
  usage: ModelUsage
}

/** Embeds texts, or tokens, with the model that is asked for. Throws ModelError, with `param` for what the model cannot do. */
export async function embedInputs(request: EmbeddingsRequest, context: EmbeddingContext): Promise<EmbeddingAnswer> {
  const { model, provider } = requireModel(context.catalog, request.model)
  if (model.capabilities !== undefined && !model.capabilities.includes('embeddings'))
    throw refuse('model', `${model.id} makes no embeddings`)
  const inputs = inputsOf(request)
  const attempt = await openEmbedding({ request, inputs, model, provider }, context)
  try {
    if (attempt.guard.signal.aborted) throw attempt.guard.signal.reason
    const onCounted = (inputTokens: number) => {
      attempt.answer.tokens = { inputTokens, outputTokens: 0 }
    }
    const { signal } = attempt.guard
    const made = await makeVectors({ request, inputs, model, provider, signal, onCounted }, context)
    attempt.answer.tokens = made.inputTokens === undefined ? undefined : { inputTokens: made.inputTokens, outputTokens: 0 }
    checkDimensions(request, model, made.vectors)
    const usage = attempt.complete()
    return { body: JSON.stringify(answerOf(request, model, { ...made, usage })), usage }
  } catch (thrown) {
    const failure = attempt.fail(thrown)
    await attempt.told()
    throw failure
  }
}

type Asked = Pick<EmbeddingCall, 'request' | 'inputs' | 'model' | 'provider'>

function openEmbedding({ request, inputs, model, provider }: Asked, context: EmbeddingContext): Promise<Attempt> {
  const { controls, scope, signal, onFailedUse } = context
  const { wholeAnswerMs } = patienceWith(context.timeouts, provider.spec.timeouts, model.timeouts)
  const inputTokens = inputs.map((input) => (typeof input === 'string' ? estimateTokens(input.length) : input.length))
  const inputBytes = Buffer.byteLength(JSON.stringify(request.input))
  return openAttempt({
    kind: 'embedding',
    controls,
    model,
    scope,
    content: {
      isStreamed: false,
      inputTokens: inputTokens.reduce((sum, tokens) => sum + tokens, 0),
      inputBytes,
      answers: inputs.length,
      // Inputs that come as tokens are counted already.
      inputText: inputs.every((input) => typeof input === 'string') ? () => inputs.join('\n') : undefined,
    },
    wishes: {},
    silence: { firstMs: wholeAnswerMs, betweenMs: wholeAnswerMs },
    signal,
    onFailedUse,
  })
}

function makeVectors(call: EmbeddingCall, { localEmbedder }: EmbeddingContext): Promise<MadeVectors> {
  const { provider, model } = call
  if (provider.spec.wire === 'local' && localEmbedder !== undefined) return embedLocally(call, localEmbedder)
  const { wire } = provider.spec
  if ((wire === 'openai' || wire === 'responses' || wire === 'voyage') && provider.connection !== undefined)
    return embedRemotely(call, provider.connection)
  throw refuse('model', `${model.id} makes no embeddings`)
}

/** Throws when vectors have not the length that was asked for: a server that does not know `dimensions` ignores it. */
function checkDimensions({ dimensions }: EmbeddingsRequest, model: ModelInfo, vectors: SentVector[]): void {
  const other = vectors.map(lengthOfVector).find((length) => dimensions != null && length !== dimensions)
  if (other !== undefined) throw refuse('dimensions', `the vectors of ${model.id} have ${other} dimensions, and no others`)
}

function refuse(param: string, message: string): ModelError {
  return new ModelError('invalid_request', message, { param })
}

function answerOf(
  { encoding_format }: EmbeddingsRequest,
  model: ModelInfo,
  { vectors, usage }: { vectors: SentVector[]; usage: ModelUsage },
) {
  const data = vectors.map((vector, index) => {
    return { object: 'embedding', index, embedding: encodeVector(vector, encoding_format ?? 'float') }
  })
  const { inputTokens } = usage
  return { object: 'list', data, model: model.id, usage: { prompt_tokens: inputTokens, total_tokens: inputTokens } }
}
