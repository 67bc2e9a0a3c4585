import { describe, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { ingestFile } from '../ingest/ingest-file.ts'
import { setUpIngestPlace, tenant } from '../ingest/testing/ingest-place.ts'
import { searchKnowledge } from '../search/postgres-search-knowledge.ts'
import { noteStoresUsed, removeExpired } from './postgres-expiry.ts'

const place = setUpIngestPlace()
const dayMs = 86_400_000
const sweep = () => removeExpired(place.database, new AbortController().signal)

/** As if the store had last been used so many hours ago. */
async function leaveAlone(vectorStoreId: string, hours: number): Promise<void> {
  await sql`update vector_stores set last_active_at = now() - make_interval(hours => ${hours}) where id = ${vectorStoreId}`.execute(
    place.database.db,
  )
}

/** A store that expires after a day without use, with a file that is found. */
async function storeOfADay() {
  const { store, database, reader, vectorStoreId } = place
  const job = await place.add('tides.md', 'The moon raises the tides.')
  await ingestFile({ database, reader }, job)
  await store.updateVectorStore({ tenant, vectorStoreId, expiresAfterDays: 1 })
  return { tenant, vectorStoreId, fileId: job.fileId }
}

async function searchAll(): Promise<string[]> {
  const { results } = await searchKnowledge(
    { database: place.database },
    { tenant, vectorStoreIds: [], query: 'tides', maxResults: 3 },
  )
  return results.map(({ filename }) => filename)
}

async function chunksLeft(): Promise<number> {
  return (await sql`select 1 from chunks`.execute(place.database.db)).rows.length
}

describe('a vector store that expires', () => {
  it('does so its days after it was last used, and what expires never has no time', async () => {
    const created = await place.store.createVectorStore({ tenant, expiresAfterDays: 7 })
    expect(created).toMatchObject({ status: 'completed', expiresAfterDays: 7 })
    expect(Number(created.expiresAt) - Number(created.lastActiveAt)).toBe(7 * dayMs)
    const never = await place.store.updateVectorStore({ tenant, vectorStoreId: created.id, expiresAfterDays: null })
    expect(never).toMatchObject({ expiresAfterDays: null, expiresAt: null })
    await leaveAlone(created.id, 10_000)
    expect(await place.store.getVectorStore({ tenant, vectorStoreId: created.id })).toMatchObject({ status: 'completed' })
  })

  it('is used by a search, a new file and a new expiry, and by nothing else', async () => {
    const { store, database, vectorStoreId } = place
    const { fileId } = await storeOfADay()
    const isFresh = async () => {
      const { lastActiveAt } = await store.getVectorStore({ tenant, vectorStoreId })
      const { rows } = await sql`select 1 where ${lastActiveAt}::timestamptz > now() - interval '1 hour'`.execute(database.db)
      return rows.length === 1
    }
    const uses: [string, () => Promise<unknown>, boolean][] = [
      ['a search', () => noteStoresUsed(database, { tenant, vectorStoreIds: [vectorStoreId] }), true],
      ['a search of all', () => noteStoresUsed(database, { tenant, vectorStoreIds: [] }), true],
      ['another tenant', () => noteStoresUsed(database, { tenant: 'rival', vectorStoreIds: [vectorStoreId] }), false],
      ['another store', () => noteStoresUsed(database, { tenant, vectorStoreIds: ['vs_other'] }), false],
      ['a new file', () => store.addFile({ tenant, vectorStoreId, fileId }), true],
      ['a new expiry', () => store.updateVectorStore({ tenant, vectorStoreId, expiresAfterDays: 2 }), true],
      ['a new name', () => store.updateVectorStore({ tenant, vectorStoreId, name: 'Moon' }), false],
    ]
    for (const [what, use, isUse] of uses) {
      await leaveAlone(vectorStoreId, 5)
      await use()
      expect([what, await isFresh()]).toEqual([what, isUse])
    }
  })

  it('is searched and filled no more once it has, and stays so whatever is done with it', async () => {
    const { store, database } = place
    const { vectorStoreId, fileId } = await storeOfADay()
    expect(await searchAll()).toEqual(['tides.md'])
    await leaveAlone(vectorStoreId, 25)
    const where = { tenant, vectorStoreId }
    expect(await store.getVectorStore(where)).toMatchObject({ status: 'expired' })
    expect(await store.listVectorStoreIds({ tenant })).toEqual([])
    expect(await searchAll()).toEqual([])
    const gone = { code: 'gone', status: 410, message: expect.stringContaining('make a new one') }
    await expect(store.getSearchableMetadata(where)).rejects.toMatchObject(gone)
    await expect(store.addFile({ ...where, fileId })).rejects.toMatchObject(gone)
    await expect(store.addFiles({ ...where, files: [{ fileId }] })).rejects.toMatchObject(gone)
    await expect(store.updateVectorStore({ ...where, expiresAfterDays: 30 })).rejects.toMatchObject(gone)
    await expect(store.updateVectorStore({ ...where, expiresAfterDays: null })).rejects.toMatchObject(gone)
    await noteStoresUsed(database, { tenant, vectorStoreIds: [vectorStoreId] })
    expect(await store.updateVectorStore({ ...where, name: 'Old' })).toMatchObject({ status: 'expired', name: 'Old' })
    expect(await store.deleteVectorStore(where)).toBe(true)
  })

  it('is emptied by the sweep, which leaves the files, other stores, and what has not expired', async () => {
    const { store, database, reader } = place
    const { vectorStoreId, fileId } = await storeOfADay()
    expect(await sweep()).toEqual({ stores: 0, files: 0, isMoreDue: false })
    const other = await store.createVectorStore({ tenant, fileIds: [fileId], expiresAfterDays: 2 })
    await ingestFile({ database, reader }, { tenant, vectorStoreId: other.id, fileId })
    await leaveAlone(vectorStoreId, 25)
    await leaveAlone(other.id, 25)
    expect(await chunksLeft()).toBe(2)
    expect(await sweep()).toEqual({ stores: 1, files: 0, isMoreDue: false })
    expect(await chunksLeft()).toBe(1)
    const emptied = await store.getVectorStore({ tenant, vectorStoreId })
    expect(emptied).toMatchObject({ status: 'expired', usageBytes: 0, fileCounts: { total: 0 } })
    expect(await searchAll()).toEqual(['tides.md'])
    expect(await store.getFile({ tenant, fileId })).toMatchObject({ filename: 'tides.md' })
    expect(await sweep()).toEqual({ stores: 0, files: 0, isMoreDue: false })
  })

  it('is emptied to the end by the next sweep when one was stopped on its way', async () => {
    const { vectorStoreId } = await storeOfADay()
    await leaveAlone(vectorStoreId, 25)
    await sql`delete from vector_store_files`.execute(place.database.db)
    await expect(removeExpired(place.database, AbortSignal.abort())).rejects.toThrow('aborted')
    expect(await chunksLeft()).toBe(1)
    await sweep()
    expect(await chunksLeft()).toBe(0)
  })

  it('is emptied twenty at a time, and told when more are due', async () => {
    for (let n = 0; n < 21; n++) {
      const { id } = await place.store.createVectorStore({ tenant, expiresAfterDays: 1 })
      await leaveAlone(id, 25)
    }
    expect(await sweep()).toEqual({ stores: 20, files: 0, isMoreDue: true })
    expect(await sweep()).toEqual({ stores: 1, files: 0, isMoreDue: false })
  })
})

describe('a file that expires', () => {
  it.each([20, 2_500_000])('of %i bytes is deleted everywhere by the first sweep after its time', async (size) => {
    const { store, database, vectorStoreId } = place
    const content = async function* () {
      yield Buffer.alloc(size, 'tide ')
    }
    const kept = await store.createFile({ tenant, filename: 'kept.txt', content: content() })
    expect(kept.expiresAt).toBeNull()
    const file = await store.createFile({ tenant, filename: 'a.txt', content: content(), expiresAfterS: () => 3_600 })
    expect(Number(file.expiresAt) - Number(file.createdAt)).toBeGreaterThan(3_590_000)
    await store.addFile({ tenant, vectorStoreId, fileId: file.id })
    expect(await sweep()).toMatchObject({ files: 0 })
    await sql`update files set expires_at = now() where id = ${file.id}`.execute(database.db)
    expect(await sweep()).toMatchObject({ files: 1 })
    expect((await store.listFiles({ tenant })).data).toEqual([kept])
    expect((await store.listVectorStoreFiles({ tenant, vectorStoreId })).data).toEqual([])
  })
})
