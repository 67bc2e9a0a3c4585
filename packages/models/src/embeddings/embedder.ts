import type { Embedder, EmbedRequest, Embeddings } from '@weft/contracts'
import type { CallScope } from '../attempt/call-scope.ts'

/** `scope` names the account more closely than the tenant does. */
export type AccountedRequest = EmbedRequest & { scope?: CallScope | undefined }

/** An embedder that holds threads or calls until it is stopped. What it throws is a ModelError. */
export type RunningEmbedder = Omit<Embedder, 'embed'> & {
  embed(request: AccountedRequest): Promise<Embeddings>
  stop(): Promise<void>
}
