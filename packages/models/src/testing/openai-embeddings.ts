import { z } from 'zod'

const Text = z.string().min(1)
const Tokens = z.array(z.int().nonnegative()).min(1)

/** Requests for embeddings as OpenAI's own API accepts them: an unknown field is an error. */
export const StrictEmbeddingsRequest = z.strictObject({
  model: z.string().min(1),
  input: z.union([Text, z.array(Text).min(1).max(2_048), Tokens, z.array(Tokens).min(1).max(2_048)]),
  encoding_format: z.enum(['float', 'base64']).optional(),
  dimensions: z.int().positive().optional(),
  user: z.string().optional(),
})

/** Vectors of four numbers, the first of which is the length of the input. */
export function embeddingsBody(body: unknown): object {
  const { model, input, encoding_format } = StrictEmbeddingsRequest.parse(body)
  const isOne = typeof input === 'string' || input.every((each) => typeof each === 'number')
  const lengths = isOne ? [input.length] : input.map((each) => (typeof each === 'number' ? 1 : each.length))
  const data = lengths.map((length, index) => {
    const vector = Float32Array.of(length, 1, 2, 3)
    return { object: 'embedding', index, embedding: encoding_format === 'base64' ? base64Of(vector) : [...vector] }
  })
  const tokens = 3 * data.length
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer).toString('base64')
}
