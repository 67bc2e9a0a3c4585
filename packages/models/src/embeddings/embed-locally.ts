import type { Embedder } from '@weft/contracts'
import { ModelError } from '../model-error.ts'
import { base64Of } from './embedding-values.ts'
import type { EmbeddingCall, MadeVectors } from './embedding-call.ts'

/** A longer word becomes one token that means nothing (max_input_chars_per_word of BERT's WordPiece), so a longer text cannot fit its model. */
const tokenCharsMax = 100

const aboutTokens =
  'tokens are numbers of another vocabulary (LangChain sends tokens unless its embeddings are made with check_embedding_ctx_length=False)'

/** Embeds with the embedder of this mesh. Throws ModelError for tokens, and for texts longer than the model sees whole. */
export async function embedLocally(call: EmbeddingCall, embedder: Pick<Embedder, 'embed'>): Promise<MadeVectors> {
  const { inputs, model, request, signal } = call
  const { dimensions } = request
  if (dimensions != null && dimensions !== model.dimensions)
    throw refuse('dimensions', `the vectors of ${model.id} have ${model.dimensions} dimensions, and no others`)
  const tokensMax = model.contextTokens ?? 0
  const tooLong = (index: number) =>
    refuse(`input.${index}`, `input.${index} is longer than the ${tokensMax} tokens that ${model.id} sees`)
  const texts = inputs.map((input, index) => {
    if (typeof input !== 'string') throw refuse('input', `${model.id} takes texts: ${aboutTokens}`)
    if (input.length > tokensMax * tokenCharsMax) throw tooLong(index)
    return input
  })
  const { vectors, inputTokens } = await embedder.embed({ texts, purpose: 'document', signal })
  const whole = vectors.map((parts, index) => {
    const [vector] = parts
    if (vector === undefined || parts.length > 1) throw tooLong(index)
    return base64Of(vector)
  })
  return { vectors: whole, inputTokens }
}

function refuse(param: string, message: string): ModelError {
  return new ModelError('invalid_request', message, { param })
}
