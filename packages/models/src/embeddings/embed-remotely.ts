import { z } from 'zod'
import { ModelError } from '../model-error.ts'
import type { ProviderConnection } from '../provider.ts'
import { upstreamNameOf } from '../registry/read-registry.ts'
import { postJson } from '../upstream/post-json.ts'
import type { EmbeddingCall, MadeVectors } from './embedding-call.ts'
import type { SentVector } from './embedding-values.ts'
import type { EmbeddingInput } from './embeddings-request.ts'

interface RequestBounds {
  /** No tokenizer makes more tokens of a text than it has bytes. */
  tokensMax: number
  inputsMax: number
}

/** What one request holds: OpenAI's API reference, embeddings; docs.voyageai.com, text embeddings, of the largest models. */
const bounds: Readonly<Record<'openai' | 'voyage', RequestBounds>> = {
  openai: { tokensMax: 300_000, inputsMax: 2_048 },
  voyage: { tokensMax: 120_000, inputsMax: 1_000 },
}

const Answer = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.union([z.string(), z.array(z.number())]) })),
  // Counts that cannot be are as good as none.
  usage: z
    .object({ prompt_tokens: z.int().nonnegative().nullish(), total_tokens: z.int().nonnegative().nullish() })
    .nullish()
    .catch(undefined),
})

/** At a server of OpenAI's wire: in several requests, one after another, where one may not hold it all. */
export async function embedRemotely(call: EmbeddingCall, connection: ProviderConnection): Promise<MadeVectors> {
  const vectors: SentVector[] = []
  let inputTokens: number | undefined = 0
  const wire = call.provider.spec.wire === 'voyage' ? 'voyage' : 'openai'
  for (const inputs of batchesOf(call.inputs, bounds[wire])) {
    const made = await embedBatch({ ...call, inputs }, connection)
    vectors.push(...made.vectors)
    inputTokens = inputTokens === undefined || made.inputTokens === undefined ? undefined : inputTokens + made.inputTokens
    if (inputTokens !== undefined) call.onCounted(inputTokens)
  }
  return { vectors, inputTokens }
}

async function embedBatch(
  { request, inputs, model, provider: { spec }, signal }: EmbeddingCall,
  connection: ProviderConnection,
): Promise<MadeVectors> {
  const { id: provider, baseUrl, apiKey, keyVariable = 'its key' } = connection
  const { model: _name, input: _input, weft: _own, ...wishes } = request
  const named = spec.wire === 'voyage' ? inVoyageTerms(wishes) : wishes
  const body = { ...named, model: upstreamNameOf(model.id), input: inputs }
  const answer = await postJson({ provider, baseUrl, path: '/embeddings', apiKey, keyVariable }, body, signal)
  const parsed = Answer.safeParse(answer)
  if (!parsed.success) throw unusable(provider, 'its answer holds no embeddings', parsed.error)
  const { data, usage } = parsed.data
  const byIndex = new Map(data.map(({ index, embedding }) => [index, embedding]))
  const vectors = inputs.map((_, index) => byIndex.get(index)).filter((vector) => vector !== undefined)
  if (data.length !== inputs.length || vectors.length !== inputs.length)
    throw unusable(provider, `${inputs.length} inputs were sent, and it answered ${vectors.length} embeddings`)
  return { vectors, inputTokens: usage?.prompt_tokens ?? usage?.total_tokens ?? undefined }
}

/** Voyage has another name for the length of a vector, numbers unless base64 is asked for, and no users. */
function inVoyageTerms({
  dimensions,
  encoding_format,
  user: _user,
  ...wishes
}: Record<string, unknown>): Record<string, unknown> {
  return {
    ...wishes,
    ...(dimensions == null ? {} : { output_dimension: dimensions }),
    ...(encoding_format === 'base64' ? { encoding_format } : {}),
  }
}

function unusable(provider: string, why: string, cause?: unknown): ModelError {
  return new ModelError('upstream_error', `${provider}: ${why}`, { isRetryable: true, cause })
}

/** In their order; an input that is too large by itself is alone, and refused where it is sent. */
function batchesOf(inputs: EmbeddingInput[], { tokensMax, inputsMax }: RequestBounds): EmbeddingInput[][] {
  const batches: EmbeddingInput[][] = []
  let batch: EmbeddingInput[] = []
  let size = 0
  for (const input of inputs) {
    const more = typeof input === 'string' ? Buffer.byteLength(input) : input.length
    if (batch.length >= inputsMax || (batch.length > 0 && size + more > tokensMax)) {
      batches.push(batch)
      batch = []
      size = 0
    }
    batch.push(input)
    size += more
  }
  return [...batches, batch]
}
