import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Attributes, Filter } from '@weft/contracts'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { verifyQuotes } from '../answer/postgres-verify-quotes.ts'
import { createFileReader, type FileReader } from '../ingest/file-reader.ts'
import { ingestFile } from '../ingest/ingest-file.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import type { KnowledgeStore } from '../store/knowledge-types.ts'
import { searchKnowledge } from './postgres-search-knowledge.ts'
import type { SearchRequest } from './search-types.ts'

let test: TestDatabase
let store: KnowledgeStore
let reader: FileReader
const tenant = 'acme'
const stores: Record<'main' | 'copy' | 'foreign', string> = { main: '', copy: '', foreign: '' }
const files: Record<string, string> = {}

beforeAll(async () => {
  test = await startTestDatabase()
  store = createKnowledgeStore(test.database)
  reader = createFileReader()
  stores.main = (await store.createVectorStore({ tenant })).id
  stores.copy = (await store.createVectorStore({ tenant })).id
  stores.foreign = (await store.createVectorStore({ tenant: 'rival' })).id
  await add('tides.md', '# Tides 🌊\n\nThe moon raises the tides of the sea.', {
    attributes: { year: 2020, topic: 'sea', isFinal: true },
  })
  await add('bread.md', 'Bread rises because yeast makes carbon dioxide.', {
    attributes: { year: 2021, topic: 'food', isFinal: false },
  })
  await add('plain.txt', 'The moon has no air. The moon is far.')
  await add('secret.txt', 'The moon of the rival.', { tenant: 'rival', vectorStoreId: stores.foreign })
  await store.addFile({ tenant, vectorStoreId: stores.copy, fileId: files['tides.md'] ?? '' })
  await ingestFile({ database: test.database, reader }, { tenant, vectorStoreId: stores.copy, fileId: files['tides.md'] ?? '' })
})
afterAll(async () => {
  await reader.stop()
  await test.stop()
})

describe('searchKnowledge', () => {
  it('finds passages best first, with a score between 0 and 1', async () => {
    const hits = await find({ query: 'moon tides' })
    expect(hits.map(({ filename }) => filename)).toEqual(['tides.md', 'plain.txt'])
    expect(hits[0]).toMatchObject({
      start: 0,
      text: '# Tides 🌊\n\nThe moon raises the tides of the sea.',
      heading: 'Tides 🌊',
      rank: 1,
      attributes: { year: 2020 },
    })
    for (const { score, rawScore } of hits) {
      expect(score).toBeGreaterThan(0)
      expect(score).toBeLessThan(1)
      expect(rawScore).toBeGreaterThan(0)
    }
  })

  it('finds what is in a store, and what comes into it, after a deletion of it that was undone', async () => {
    const { id: vectorStoreId } = await store.createVectorStore({ tenant: 'undoer' })
    await add('reef.md', 'The reef lies before the harbour.', { tenant: 'undoer', vectorStoreId })
    const undone = test.database.db.transaction().execute(async (db) => {
      await createKnowledgeStore({ ...test.database, db }).deleteVectorStore({ tenant: 'undoer', vectorStoreId })
      throw new Error('the audit log is away')
    })
    await expect(undone).rejects.toThrow('the audit log is away')
    await add('buoy.md', 'A buoy marks the reef.', { tenant: 'undoer', vectorStoreId })
    const hits = await find({ query: 'reef', tenant: 'undoer', vectorStoreIds: [vectorStoreId] })
    expect(hits.map(({ filename }) => filename).toSorted()).toEqual(['buoy.md', 'reef.md'])
  })

  it('searches all stores of the tenant when none is named, and gives a passage lying in two of them once', async () => {
    expect((await find({ query: 'moon', vectorStoreIds: [] })).map(({ filename }) => filename).toSorted()).toEqual([
      'plain.txt',
      'tides.md',
    ])
  })

  it('lets a page that lies in two files fill one place of the list, unless asked to keep both', async () => {
    const page =
      'Sea levels rise twice a day where the moon pulls the water of the sea towards it, and once more on the far side.'
    const vectorStoreId = (await store.createVectorStore({ tenant })).id
    for (const [filename, text] of [
      ['report.md', page],
      ['report-copy.md', `“${page}”`],
      ['sea.md', 'The water of the sea is salt.'],
    ] as const)
      await add(filename, text, { vectorStoreId })
    const query = { query: 'water of the sea', vectorStoreIds: [vectorStoreId], maxResults: 2 }
    const names = (await find(query)).map(({ filename }) => filename)
    expect(names.toSorted()).toEqual([expect.stringMatching(/^report/), 'sea.md'])
    const all = await find({ ...query, maxResults: 3 })
    expect(all.slice(0, 2).map(({ filename }) => filename)).toEqual(names)
    expect(all.map(({ explanation }) => explanation.duplicates?.length ?? 0).toSorted()).toEqual([0, 0, 1])
    const both = await find({ ...query, maxResults: 3, options: { mode: 'hybrid', duplicates: 'keep' } })
    expect(both.every(({ explanation }) => explanation.duplicates === undefined)).toBe(true)
  })

  it.each([
    ['Japanese', 'サーバーを\n再起動してから設定を確認してください。', '休暇の申請は人事部に提出します。', 'サーバー 再起動'],
    ['Chinese', '员工的通知期为三个月，从月底开始计算。', '风车建于十九世纪，由橡木制成。', '通知期是多久？'],
    ['Thai', 'ต้องรีสตาร์ทเซิร์ฟเวอร์ก่อนตรวจสอบการตั้งค่า', 'กังหันลมสร้างด้วยไม้โอ๊ค', 'เซิร์ฟเวอร์'],
    ['Korean', '서버를 다시 시작한 다음 설정을 확인하십시오.', '풍차는 참나무로 지어졌다.', '서버'],
  ])('finds words by words in text without spaces or with endings: %s', async (language, text, other, query) => {
    const vectorStoreId = (await store.createVectorStore({ tenant })).id
    await add(`${language}.txt`, text, { vectorStoreId })
    await add(`${language}-other.txt`, other, { vectorStoreId })
    const hits = await find({ query, vectorStoreIds: [vectorStoreId], options: { mode: 'bm25' } })
    expect(hits[0]?.filename).toBe(`${language}.txt`)
  })

  it.each([
    ['French', 'Le réseau est coupé après une heure.', 'La liste des fichiers est vide.', 'reseau coupe'],
    ['German', 'Die Größe der Straße wird gemessen.', 'Der Ofen ist warm.', 'GROSSE STRASSE'],
    ['Arabic', 'كَتَبَ أحمد رسالة إلى المدرسة', 'السماء زرقاء اليوم', 'احمد المدرسه'],
    ['Arabic with vowel signs', 'كتب احمد رسالة', 'السماء زرقاء', 'كَتَبَ أَحْمَد'],
    ['Russian', 'Ёлка стоит в доме', 'Река течёт на север', 'елка'],
  ])('finds words that are typed without their marks: %s', async (language, text, other, query) => {
    const vectorStoreId = (await store.createVectorStore({ tenant })).id
    await add(`${language}.txt`, text, { vectorStoreId })
    await add(`${language}-other.txt`, other, { vectorStoreId })
    const hits = await find({ query, vectorStoreIds: [vectorStoreId], options: { mode: 'bm25' } })
    expect(hits.map(({ filename }) => filename)).toEqual([`${language}.txt`])
  })

  it('finds the parts of an identifier also at the end of a long question', async () => {
    const vectorStoreId = (await store.createVectorStore({ tenant })).id
    await add('warp.txt', 'The warp tension is set here.', { vectorStoreId })
    const query = `${'What about it, and why so? '.repeat(15)} warpTension`
    expect(await find({ query, vectorStoreIds: [vectorStoreId], options: { mode: 'bm25' } })).toHaveLength(1)
  })

  it('never shows another tenant’s passages', async () => {
    expect(await find({ query: 'rival' })).toEqual([])
    expect(await find({ query: 'rival', vectorStoreIds: [stores.foreign] })).toEqual([])
    expect(await find({ query: 'rival', vectorStoreIds: [stores.foreign], tenant: 'rival' })).toHaveLength(1)
  })

  it.each(['', '   ', '?!', 'the of and', '\u0000', '🌊', 'zzzzunknown'])('finds nothing for %j', async (query) => {
    expect(await find({ query })).toEqual([])
  })

  it.each(['moon"', "moon'; drop table chunks; --", 'moon & | ! ( ) :* <->', 'MOON\\', 'moon\u0000', '\ud800moon'])(
    'is not confused by %j',
    async (query) => {
      expect((await find({ query })).map(({ filename }) => filename)).toContain('plain.txt')
    },
  )

  it('answers a query of 50 KB', async () => {
    const query = `moon ${Array.from({ length: 12_000 }, (_, n) => `w${n.toString(36)}`).join(' ')}`.slice(0, 51_200)
    expect((await find({ query }))[0]?.filename).toMatch(/plain|tides/)
  })

  it('finds a file under its new name and by its file name’s words', async () => {
    const fileId = await add('release-notes.txt', 'Nothing to see.')
    expect((await find({ query: 'release notes' })).map(({ filename }) => filename)).toEqual(['release-notes.txt'])
    await store.renameFile({ tenant, fileId, filename: 'other.txt' })
    expect((await find({ query: 'release notes' })).map(({ filename }) => filename)).toEqual(['other.txt'])
  })
})

describe('filters', () => {
  const sea = ['tides.md']
  const food = ['bread.md']
  const both = ['bread.md', 'tides.md']
  it.each<[Filter, string[]]>([
    [{ type: 'eq', key: 'topic', value: 'sea' }, sea],
    [{ type: 'eq', key: 'year', value: 2020 }, sea],
    [{ type: 'eq', key: 'isFinal', value: true }, sea],
    [{ type: 'eq', key: 'year', value: '2020' }, []],
    [{ type: 'eq', key: 'missing', value: 1 }, []],
    [{ type: 'eq', key: 'topic', value: ['sea'] }, []],
    [{ type: 'ne', key: 'topic', value: 'sea' }, food],
    [{ type: 'ne', key: 'topic', value: 5 }, []],
    [{ type: 'ne', key: 'missing', value: 'x' }, []],
    [{ type: 'gt', key: 'year', value: 2020 }, food],
    [{ type: 'gte', key: 'year', value: 2020 }, both],
    [{ type: 'lt', key: 'year', value: 2021 }, sea],
    [{ type: 'lte', key: 'year', value: 2020.5 }, sea],
    [{ type: 'gt', key: 'topic', value: 'food' }, sea],
    [{ type: 'gt', key: 'topic', value: 1 }, []],
    [{ type: 'gt', key: 'isFinal', value: false }, []],
    [{ type: 'lt', key: 'year', value: [1] }, []],
    [{ type: 'in', key: 'topic', value: ['sea', 'food', 'x'] }, both],
    [{ type: 'in', key: 'year', value: [2021, '2020'] }, food],
    [{ type: 'in', key: 'topic', value: [] }, []],
    [{ type: 'in', key: 'topic', value: 'sea' }, sea],
    [{ type: 'nin', key: 'topic', value: ['sea'] }, food],
    [{ type: 'nin', key: 'topic', value: [] }, both],
    [{ type: 'nin', key: 'missing', value: ['x'] }, []],
    [{ type: 'eq', key: "topic' or true --", value: "'; drop table chunks; --" }, []],
    [{ type: 'eq', key: 'topic', value: 'sea\u0000' }, []],
    [
      {
        type: 'and',
        filters: [
          { type: 'eq', key: 'topic', value: 'sea' },
          { type: 'gt', key: 'year', value: 1 },
        ],
      },
      sea,
    ],
    [
      {
        type: 'or',
        filters: [
          { type: 'eq', key: 'topic', value: 'sea' },
          { type: 'and', filters: [{ type: 'eq', key: 'topic', value: 'food' }] },
        ],
      },
      both,
    ],
  ])('%j matches %j', async (filters, expected) => {
    const hits = await find({ query: 'moon bread', filters, vectorStoreIds: [stores.main] })
    expect(hits.map(({ filename }) => filename).toSorted()).toEqual(expected)
  })

  it('nested without end are refused', async () => {
    let filters: Filter = { type: 'eq', key: 'topic', value: 'sea' }
    for (let depth = 0; depth < 40; depth++) filters = { type: 'and', filters: [filters] }
    await expect(find({ query: 'moon', filters })).rejects.toMatchObject({ code: 'invalid_request', param: 'filters' })
  })

  it('are refused when they compare with thousands of values', async () => {
    const many: Filter = { type: 'in', key: 'topic', value: Array.from({ length: 50 }, (_, n) => `t${n}`) }
    const wide = (count: number): Filter => ({ type: 'or', filters: Array.from({ length: count }, () => many) })
    await expect(find({ query: 'moon', filters: wide(21) })).rejects.toMatchObject({ code: 'invalid_request', param: 'filters' })
    expect(await find({ query: 'moon', filters: wide(20) })).toEqual([])
  })
})

describe('verifyQuotes', () => {
  it('answers the quotes that stand at their place, letter by letter', async () => {
    const fileId = files['tides.md'] ?? ''
    const quote = { fileId, filename: 'old name', quote: 'The moon raises', start: 11, end: 26, score: 0.9 }
    const [verified, moved, altered, foreign] = await verifyQuotes(test.database, {
      tenant,
      quotes: [
        quote,
        { ...quote, start: 12, end: 27 },
        { ...quote, quote: 'The moon raised' },
        { ...quote, fileId: files['secret.txt'] ?? '' },
      ],
    })
    expect(verified).toEqual({ ...quote, filename: 'tides.md', textHash: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect([moved, altered, foreign]).toEqual([undefined, undefined, undefined])
    expect(await verifyQuotes(test.database, { tenant: 'rival', quotes: [quote] })).toEqual([undefined])
  })
})

async function find(request: Partial<SearchRequest> & { query: string }) {
  const { results } = await searchKnowledge(test, {
    tenant,
    vectorStoreIds: [stores.main, stores.copy],
    maxResults: 10,
    ...request,
  })
  return results
}

type Place = { tenant?: string; vectorStoreId?: string; attributes?: Attributes }

async function add(filename: string, text: string, place: Place = {}): Promise<string> {
  async function* bytes() {
    yield Buffer.from(text)
  }
  const { attributes = {}, ...owner } = { tenant, vectorStoreId: stores.main, ...place }
  const { id: fileId } = await store.createFile({ tenant: owner.tenant, filename, content: bytes() })
  await store.addFile({ ...owner, fileId, attributes })
  await ingestFile({ database: test.database, reader }, { ...owner, fileId })
  files[filename] = fileId
  return fileId
}
