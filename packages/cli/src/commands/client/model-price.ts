import type OpenAI from 'openai'
import { z } from 'zod'

/** In USD per million tokens. */
export const TokenPrice = z.looseObject({ input: z.number(), output: z.number(), cachedInput: z.number().optional() })
export type TokenPrice = z.infer<typeof TokenPrice>

const ModelList = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      weft: z.looseObject({ aliases: z.array(z.string()).default([]), pricePerMillionUsd: TokenPrice.nullable() }),
    }),
  ),
})

/** The price of a model; undefined when the mesh does not know it. */
export async function findModelPrice(client: OpenAI, model: string): Promise<TokenPrice | undefined> {
  const { data } = ModelList.parse(await client.get('/models'))
  const found = data.find(({ id, weft }) => id === model || weft.aliases.includes(model))
  return found?.weft.pricePerMillionUsd ?? undefined
}
