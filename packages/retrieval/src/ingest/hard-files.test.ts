import { describe, expect, it } from '@jest/globals'
import type { Attributes } from '@weft/contracts'
import { verifyQuotes } from '../answer/postgres-verify-quotes.ts'
import { chunkText } from '../chunk/chunk-text.ts'
import { parseFile } from '../parse/parse-file.ts'
import { makePdf } from '../parse/testing/make-pdf.ts'
import { searchKnowledge } from '../search/postgres-search-knowledge.ts'
import { sliceCodePoints } from '../text/code-points.ts'
import { ingestFile } from './ingest-file.ts'
import { setUpIngestPlace, tenant } from './testing/ingest-place.ts'

const place = setUpIngestPlace()

it('a PDF of 2,000 pages is read, and each passage knows the page it begins on', async () => {
  const texts = Array.from({ length: 2_000 }, (_, index) => `This is page marker${index + 1} of a long report.`)
  const { text, kind, pages } = await parseFile({ filename: 'long.pdf', bytes: await makePdf(texts) })
  expect(pages).toHaveLength(2_000)
  const chunks = [...chunkText({ text, kind, pages })]
  const last = chunks.find((chunk) => chunk.text.includes('marker2000 '))
  expect(last?.page).toBeLessThanOrEqual(2_000)
  const isOnPage = (start: number, page = 0) =>
    start >= (pages?.[page - 1] ?? 0) && start < (pages?.[page] ?? Number.POSITIVE_INFINITY)
  expect(chunks.filter(({ start, page }) => !isOnPage(start, page))).toEqual([])
})

describe('a single line of 10 MB', () => {
  const lines = {
    'words.txt': 'so many words and no end '.repeat(400_000),
    'smiles.txt': '😀'.repeat(2_500_000),
    'minified.js': 'a=(b,c)=>b+c;'.repeat(770_000),
  }
  it.each(Object.entries(lines))('is read and cut at its places: %s', async (filename, content) => {
    const { text, kind } = await parseFile({ filename, bytes: Buffer.from(content) })
    const chunks = [...chunkText({ text, kind })]
    expect(chunks.at(-1)?.end).toBe([...text.trimEnd()].length)
    expect(chunks.filter(({ end, text: { length } }, index) => end <= (chunks[index - 1]?.end ?? 0) || length > 2_000)).toEqual(
      [],
    )
  })
})

describe('text in any script', () => {
  it.each([
    ['Hebrew, right to left', 'השומר מדליק את המגדלור בכל ערב', 'המגדלור'],
    ['Arabic, right to left', 'يضيء الحارس المنارة كل مساء', 'المنارة'],
    ['Japanese', '灯台守は毎晩、灯台を点灯します', '灯台を点灯します'],
    ['emoji of several code points', 'The keeper 👩‍🚀🇩🇪 lights the lighthouse 🏳️‍🌈 each evening', 'lighthouse'],
  ])('has its places in code points, and quotes that stand there: %s', async (_, sentence, question) => {
    const text = `${'😀 '.repeat(40)}\n\n${'漢字かな交じり文。'.repeat(200)}\n\n${sentence}.\n`
    const { fileId, vectorStoreId } = await ingest({ filename: 'any.md', text })
    const { results } = await searchKnowledge(place, { tenant, vectorStoreIds: [vectorStoreId], query: question, maxResults: 1 })
    const [hit] = results
    expect(hit?.text).toContain(sentence)
    expect(sliceCodePoints(text, hit?.start ?? 0, hit?.end ?? 0)).toBe(hit?.text)
    const start = [...text.slice(0, text.indexOf(sentence))].length
    const quote = { fileId, filename: 'any.md', quote: sentence, score: 1, start, end: start + [...sentence].length }
    expect(await verifyQuotes(place.database, { tenant, quotes: [quote] })).toMatchObject([quote])
  })
})

it('SQL in a document, its name and its attributes is text like any other', async () => {
  const attack = `'; drop table chunks; delete from files; -- \\') $$`
  const text = `The keeper wrote ${attack} into the log.`
  const { vectorStoreId } = await ingest({ filename: `${attack}.md`, text, attributes: { author: attack, [attack]: 'x' } })
  for (const key of ['author', attack]) {
    const { results } = await searchKnowledge(place, {
      tenant,
      vectorStoreIds: [vectorStoreId],
      query: `keeper ${attack}`,
      maxResults: 5,
      filters: { type: 'eq', key, value: key === attack ? 'x' : attack },
    })
    expect(results).toMatchObject([{ filename: `${attack}.md`, text, attributes: { author: attack } }])
  }
})

async function ingest({ filename, text, attributes }: { filename: string; text: string; attributes?: Attributes }) {
  const job = await place.add(filename, text, attributes === undefined ? {} : { attributes })
  expect(await ingestFile(place, job)).toMatchObject({ status: 'completed' })
  return job
}
