import { expect, it } from '@jest/globals'
import { startTestDatabase } from '@weft/database/testing'
import { findCollection, loadAsChunks, measureQuality } from './testing.ts'

const musique = findCollection('musique100')
const itWithCollection = musique === undefined ? it.skip : it

itWithCollection(
  'ranks as well as the reference BM25 on musique100 (nDCG@10 .546)',
  async () => {
    if (musique === undefined) throw new Error('skipped')
    const { database, stop } = await startTestDatabase()
    try {
      const vectorStoreId = await loadAsChunks(database, musique, 'acme')
      const quality = await measureQuality(database, musique, { tenant: 'acme', vectorStoreId })
      expect(quality.queries).toBe(100)
      expect(Math.abs(quality.ndcg10 - 0.5462)).toBeLessThan(0.01)
    } finally {
      await stop()
    }
  },
  60_000,
)
