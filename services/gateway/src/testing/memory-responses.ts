import type { TurnPlace } from '../core/response-id.ts'
import type { ResponseStore, StoredResponse } from '../answers/response-store.ts'

export function createMemoryResponses(): ResponseStore {
  const stored = new Map<string, StoredResponse>()
  const forgotten = new Set<string>()
  const turnKey = (tenant: string, { sessionId, turn }: TurnPlace) => `${tenant} ${sessionId} ${turn}`
  const keyOf = (tenant: string, id: string) => `${tenant} ${id}`
  return {
    async save(tenant, response) {
      stored.set(keyOf(tenant, response.id), response)
    },
    find: async (tenant, id) => stored.get(keyOf(tenant, id)),
    delete: async (tenant, id) => stored.delete(keyOf(tenant, id)),
    async forgetTurn(tenant, place) {
      forgotten.add(turnKey(tenant, place))
    },
    isForgotten: async (tenant, place) => forgotten.has(turnKey(tenant, place)),
  }
}
