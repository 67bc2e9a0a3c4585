import { expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import type { KnowledgeStore, VectorStore } from '@weft/retrieval'
import { createReadableStores } from './readable-stores.ts'

const store: VectorStore = {
  id: 'vs_old',
  name: '',
  metadata: {},
  status: 'expired',
  usageBytes: 0,
  fileCounts: { inProgress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
  createdAt: new Date(0),
  lastActiveAt: new Date(0),
  expiresAfterDays: 1,
  expiresAt: new Date(0),
}
const knowledge: Pick<KnowledgeStore, 'listVectorStoreIds' | 'getVectorStore'> = {
  listVectorStoreIds: async () => ['vs_live'],
  async getVectorStore({ vectorStoreId }) {
    if (vectorStoreId !== 'vs_old') throw new WeftError('not_found', 'none')
    return store
  },
}

it('a turn reads the stores it names, or all that have not expired; one that has is refused, as one that is not there', async () => {
  const stores = createReadableStores(knowledge)
  expect(await stores.resolve('acme', undefined)).toEqual(['vs_live'])
  expect(await stores.resolve('acme', ['vs_live', 'vs_live'])).toEqual(['vs_live'])
  const param = 'weft.vectorStoreIds'
  await expect(stores.resolve('acme', ['vs_live', 'vs_old'])).rejects.toMatchObject({ code: 'gone', param })
  await expect(stores.resolve('acme', ['vs_none'])).rejects.toMatchObject({ code: 'not_found', param })
})
