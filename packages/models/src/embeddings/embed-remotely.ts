import type { ProviderConnection } from '../provider.ts'
import { upstreamNameOf } from '../registry/read-registry.ts'
import { postJson } from '../upstream/post-json.ts'
import { batchInputs } from './batch-inputs.ts'
import type { EmbeddingCall, MadeVectors } from './embedding-call.ts'
import type { SentVector } from './embedding-values.ts'
import { readEmbeddings } from './read-embeddings.ts'
import { openAiBounds, voyageBounds } from './request-bounds.ts'

/** Embeds at a server of OpenAI's or Voyage's wire, in several requests, one after another, when one may not hold all inputs. */
export async function embedRemotely(call: EmbeddingCall, connection: ProviderConnection): Promise<MadeVectors> {
  const vectors: SentVector[] = []
  let inputTokens: number | undefined = 0
  const bounds = call.provider.spec.wire === 'voyage' ? voyageBounds : openAiBounds
  for (const inputs of batchInputs(call.inputs, bounds)) {
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
  return readEmbeddings(answer, { provider, count: inputs.length })
}

/** Voyage names the length of a vector otherwise, answers numbers unless base64 is asked for, and does not know `user`. */
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
