import { expect, it } from '@jest/globals'
import { findNativePostgres, startNativeDatabase, startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { findCollection, loadAsChunks, measureQuality } from '../testing.ts'

const musique = findCollection('musique100')
const native = findNativePostgres()
/** BM25 as computed outside Weft. */
const reference = 0.5462

const engines: [string, (() => Promise<TestDatabase>) | undefined][] = [
  ['pg_textsearch', startTestDatabase],
  ['plain SQL', native === undefined ? undefined : () => startNativeDatabase(native)],
]

for (const [engine, start] of engines) {
  const itWithCollection = musique === undefined || start === undefined ? it.skip : it
  itWithCollection(`ranks as well as the reference BM25 on musique100 by ${engine} (nDCG@10 ${reference})`, async () => {
    if (musique === undefined || start === undefined) throw new Error('skipped')
    const { database, stop } = await start()
    try {
      const vectorStoreId = await loadAsChunks(database, musique, 'acme')
      const quality = await measureQuality(database, musique, { tenant: 'acme', vectorStoreId })
      expect(quality.queries).toBe(100)
      expect(Math.abs(quality.ndcg10 - reference)).toBeLessThan(0.005)
    } finally {
      await stop()
    }
  })
}
