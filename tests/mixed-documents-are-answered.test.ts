import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { openAiClient, type WeftAnswer, weft, weftOf } from './mesh/shared-mesh.ts'

/** What programs wrote, and people: mesh/make_documents.py made those that are not text. */
const folder = join(import.meta.dirname, 'fixtures', 'documents')

/** Pages: a slide, and of a book each document of its spine, the first of which is its contents. */
const questions = [
  { filename: 'log.md', question: 'Who relit the lamp of Skerry after the storm of the ninth?', quote: 'Ann Moar' },
  { filename: 'fog.html', question: 'How often does the horn of Skerry sound in fog?', quote: 'twice every ninety seconds' },
  { filename: 'ships.csv', question: 'Which cargo does captain Magnus Flett of the Good Hope carry?', quote: 'slate' },
  { filename: 'beam.py', question: 'By how much is the lamp dimmed at dawn?', quote: 'dimmed by a third' },
  { filename: 'handbook.docx', question: 'Which oil does the lamp of Skerry burn in a winter night?', quote: 'colza oil' },
  { filename: 'supplies.xlsx', question: 'Who is the supplier of wicks?', quote: 'Brae of Lerwick' },
  { filename: 'talk.pptx', question: 'From how many nautical miles is the beam of Skerry seen?', quote: 'eighteen', page: 2 },
  { filename: 'survey.pdf', question: 'How far does the tower sway in a gale?', quote: 'nine millimetres', page: 2 },
  { filename: 'barrels.eml', question: 'At which pier will the barrels of tar be landed?', quote: 'north pier' },
  { filename: 'letters.epub', question: 'How many rats did the cat Bosun catch?', quote: 'nineteen rats', page: 3 },
]

let storeId: string

beforeAll(async () => {
  const { code, stdout } = await weft(['ingest', folder, '--store', 'skerry documents', '--json'])
  expect({ code, report: JSON.parse(stdout) }).toMatchObject({ code: 0, report: { added: questions.length, failed: [] } })
  for await (const { id, name } of openAiClient().vectorStores.list()) if (name === 'skerry documents') storeId = id
})

describe('a folder of mixed documents, as it is taken in by `weft ingest`', () => {
  it('holds a document for every question', async () => {
    expect((await readdir(folder)).sort()).toEqual(questions.map(({ filename }) => filename).sort())
  })

  it.each(questions)('answers from $filename, cites it word for word, and its page where it has pages', async (asked) => {
    const { citations } = await ask(asked.question)
    const cited = citations.find(({ quote }) => quote.includes(asked.quote))
    expect({ citations, cited }).toMatchObject({ cited: { filename: expect.stringMatching(asked.filename) } })
    expect(cited?.page).toBe(asked.page)
    expect([...(await textOf(cited?.fileId ?? ''))].slice(cited?.start, cited?.end).join('')).toBe(cited?.quote)
  })
})

async function ask(question: string): Promise<WeftAnswer> {
  const body = {
    model: 'weft/auto',
    messages: [{ role: 'user' as const, content: question }],
    weft: { vectorStoreIds: [storeId] },
  }
  return weftOf(await openAiClient().chat.completions.create(body))
}

/** What was read out of a file: that is where a citation's offsets point into. */
async function textOf(fileId: string): Promise<string> {
  const page = await openAiClient().vectorStores.files.content(fileId, { vector_store_id: storeId })
  return page.data.map(({ text = '' }) => text).join('')
}
