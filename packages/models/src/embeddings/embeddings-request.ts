import { z } from 'zod'
import { ModelError } from '../model-error.ts'
import { openAiBounds } from './request-bounds.ts'

const Text = z.string().min(1, 'an empty text has no meaning to embed')
const Tokens = z.array(z.int().nonnegative()).min(1)

/** `POST /v1/embeddings`: texts, or tokens of the model's own vocabulary. */
export const EmbeddingsRequest = z.looseObject({
  model: z.string().min(1).max(256),
  input: z.union([Text, z.array(Text).min(1), Tokens, z.array(Tokens).min(1)], {
    error: ({ code }) => (code === 'invalid_union' ? 'has to be a text, or a list of at least one text' : undefined),
  }),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().positive().max(65_536).nullish(),
  user: z.string().max(256).nullish(),
})
export type EmbeddingsRequest = z.infer<typeof EmbeddingsRequest>

export type EmbeddingInput = string | number[]

/** The single inputs of a request. Throws ModelError when there are more than OpenAI takes in one. */
export function inputsOf({ input }: EmbeddingsRequest): EmbeddingInput[] {
  if (typeof input === 'string') return [input]
  if (isTokens(input)) return [input]
  const { inputsMax } = openAiBounds
  if (input.length <= inputsMax) return [...input]
  const message = `'input' holds ${input.length} texts: send ${inputsMax} at most in one request`
  throw new ModelError('invalid_request', message, { param: 'input' })
}

function isTokens(input: Exclude<EmbeddingsRequest['input'], string>): input is number[] {
  return typeof input[0] === 'number'
}
