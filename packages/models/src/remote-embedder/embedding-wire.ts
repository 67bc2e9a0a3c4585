import type { EmbedRequest } from '@weft/contracts'
import type { RequestBounds } from '../embeddings/request-bounds.ts'

/** How one provider is asked for embeddings. */
export type EmbeddingWire = {
  provider: string
  /** `textTokensMax` is how much of a text its models see. */
  limits: RequestBounds & { textTokensMax: number }
  /** Makes one attempt, and answers what the provider did. Throws ModelError, except for aborts, which the caller explains. */
  send(texts: string[], purpose: EmbedRequest['purpose'], signal: AbortSignal): Promise<unknown>
}
