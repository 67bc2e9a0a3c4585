import type { ResponseItem } from '@weft/models'
import type { TurnPlace } from '../core/response-id.ts'

/** A response of a model as it was answered, and the items it was asked with. Those of workflows are kept by their sessions; here is which of them were deleted. */
export interface StoredResponse {
  id: string
  /** The response whose conversation it continues. */
  previousId: string | undefined
  input: ResponseItem[]
  response: { output: ResponseItem[]; [field: string]: unknown }
}

export interface ResponseStore {
  /** Keeps it for 30 days, as OpenAI does. */
  save(tenant: string, stored: StoredResponse): Promise<void>
  find(tenant: string, id: string): Promise<StoredResponse | undefined>
  /** Whether there was one. */
  delete(tenant: string, id: string): Promise<boolean>
  /** A workflow's response is shown no more; its session keeps the turn. */
  forgetTurn(tenant: string, place: TurnPlace): Promise<void>
  isForgotten(tenant: string, place: TurnPlace): Promise<boolean>
}
