import type { RerankRequest } from '@weft/contracts'
import type { CallScope } from '../attempt/call-scope.ts'

/** A reranker whose calls are made on somebody's account. Throws ModelError. */
export type RerankModel = {
  readonly id: string
  rerank(request: RerankRequest & { scope: CallScope }): Promise<(number | undefined)[]>
}

/** Documents that are read at most: what lies further down is rarely the answer, and each costs. */
export const rerankedMax = 50
