import type { ResponseItem } from '@weft/models'
import type { TurnPlace } from '../core/response-id.ts'

/** A response of a model as it was answered, with the items of its request. */
export interface StoredResponse {
  id: string
  /** The response whose conversation it continues. */
  previousId: string | undefined
  input: ResponseItem[]
  response: { output: ResponseItem[]; [field: string]: unknown }
}

/** Keeps responses of models. Those of workflows are kept by their sessions; here it is only noted which of them were deleted. */
export interface ResponseStore {
  /** Keeps a response for 30 days, as OpenAI does. */
  save(tenant: string, stored: StoredResponse): Promise<void>
  find(tenant: string, id: string): Promise<StoredResponse | undefined>
  /** Deletes a model's response; resolves to whether there was one. */
  delete(tenant: string, id: string): Promise<boolean>
  /** Notes that a workflow's response was deleted, so that it is not shown any more; its session keeps the turn. */
  forgetTurn(tenant: string, place: TurnPlace): Promise<void>
  /** Whether that was noted. */
  isForgotten(tenant: string, place: TurnPlace): Promise<boolean>
}
