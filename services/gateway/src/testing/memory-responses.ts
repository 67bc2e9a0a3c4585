import type { ResponseStore, StoredResponse } from '../answers/response-store.ts'

export function createMemoryResponses(): ResponseStore {
  const stored = new Map<string, StoredResponse>()
  const keyOf = (tenant: string, id: string) => `${tenant} ${id}`
  return {
    async save(tenant, response) {
      stored.set(keyOf(tenant, response.id), response)
    },
    find: async (tenant, id) => stored.get(keyOf(tenant, id)),
    delete: async (tenant, id) => stored.delete(keyOf(tenant, id)),
  }
}
