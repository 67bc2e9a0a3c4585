import type { RerankRequest } from '@weft/contracts'
import type { CallScope } from '../attempt/call-scope.ts'

/** A reranker whose calls are made on somebody's account. Throws ModelError. */
export type RerankModel = {
  readonly id: string
  rerank(request: RerankRequest & { scope: CallScope }): Promise<(number | undefined)[]>
}

/** How many documents are read: what lies further down is rarely the answer, and each document costs. */
export const rerankedMax = 50
