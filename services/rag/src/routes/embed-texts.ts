import { type Embedder, WeftError } from '@weft/contracts'
import { handle } from '@weft/mesh'
import type { RequestHandler } from 'express'
import { z } from 'zod'

const textsMax = 2_048

const EmbedTexts = z.object({ texts: z.array(z.string().min(1)).min(1).max(textsMax), purpose: z.enum(['query', 'document']) })

/** `POST /embed`: the vectors of each text, one for each part that the model sees at once, as base64 of little-endian 32-bit floats. */
export function embedTexts(embedder: () => Embedder | undefined): RequestHandler {
  return handle(EmbedTexts, async (request, signal) => {
    const found = embedder()
    if (found === undefined) throw new WeftError('dependency_unavailable', 'this mesh has no embedding model of its own')
    const { vectors, inputTokens } = await found.embed({ ...request, signal })
    return { vectors: vectors.map((parts) => parts.map(base64Of)), inputTokens }
  })
}

function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}
