import type { Embedder } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'

const Vectors = z.object({ vectors: z.array(z.array(z.string())), inputTokens: z.int().nonnegative() })

/** As long as clients wait for an answer. */
const timeoutMs = 600_000

/** The embedding model of this mesh, which is in the memory of the service rag: a second time it need not be. */
export function createMeshEmbedder(sidecar: Pick<Sidecar, 'invoke'>): Pick<Embedder, 'embed'> {
  return {
    async embed({ texts, purpose, signal }) {
      const timeout = AbortSignal.timeout(timeoutMs)
      const answer = await sidecar.invoke('rag', '/embed', {
        body: { texts, purpose },
        schema: Vectors,
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
      return { vectors: answer.vectors.map((parts) => parts.map(floatsOf)), inputTokens: answer.inputTokens }
    },
  }
}

function floatsOf(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(at * 4))
}
