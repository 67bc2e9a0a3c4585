import { afterEach, describe, expect, it } from '@jest/globals'
import { readCollection } from './read-collection.ts'
import { qrels, writeCollection } from './testing/collection-folder.ts'

const corpus = [
  { _id: 'd1', title: 'Tides', text: 'The moon 🌕 pulls the sea.' },
  { _id: 'd2', text: 'Rain falls.' },
]
const queries = [
  { _id: 'q1', text: 'What pulls the sea?' },
  { _id: 'q2', text: 'Why?', metadata: { answerable: false } },
]
const good = { 'corpus.jsonl': corpus, 'queries.jsonl': queries, 'qrels.tsv': qrels(['q1', 'd1', 2], ['q1', 'd2', 0]) }

const removals: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const remove of removals.splice(0)) await remove()
})

async function read(files: Parameters<typeof writeCollection>[0], withDocuments = true) {
  const written = await writeCollection(files)
  removals.push(written.remove)
  return readCollection(written.folder, { withDocuments })
}

describe('a collection', () => {
  it('is documents, questions and grades', async () => {
    const collection = await read(good)
    expect(collection.documents).toEqual([
      { id: 'd1', title: 'Tides', text: 'The moon 🌕 pulls the sea.' },
      { id: 'd2', title: '', text: 'Rain falls.' },
    ])
    expect(collection.questions).toEqual([
      {
        id: 'q1',
        text: 'What pulls the sea?',
        marked: [],
        grades: new Map([
          ['d1', 2],
          ['d2', 0],
        ]),
        isAnswerable: true,
      },
      { id: 'q2', text: 'Why?', marked: [], grades: new Map(), isAnswerable: false },
    ])
    expect(collection.notes).toEqual([])
  })

  it('knows which documents are parts of one text', async () => {
    const parts = corpus.map((document) => ({ ...document, metadata: { doc_id: 'book', index: 1 } }))
    const { documents } = await read({ ...good, 'corpus.jsonl': parts })
    expect(documents.map(({ partOf }) => partOf)).toEqual(['book', 'book'])
  })

  it('has a hash that changes with its documents and not with its questions', async () => {
    const { contentHash } = await read(good)
    expect(contentHash).toMatch(/^[0-9a-f]{12}$/)
    expect((await read({ ...good, 'queries.jsonl': [queries[0] ?? {}] })).contentHash).toBe(contentHash)
    expect((await read({ ...good, 'corpus.jsonl': [corpus[0] ?? {}] })).contentHash).not.toBe(contentHash)
  })

  it('may have numbers as ids, Windows line ends, blank lines and no header in qrels.tsv', async () => {
    const { questions } = await read({
      'corpus.jsonl': '\ufeff{"_id": 1, "text": "a"}\r\n\r\n',
      'queries.jsonl': '{"_id": 7, "text": "a?", "metadata": null}',
      'qrels.tsv': '7\t1\t1\r\n',
    })
    expect(questions).toMatchObject([{ id: '7', grades: new Map([['1', 1]]) }])
  })

  it('keeps the spans marked in its questions, as code points', async () => {
    const marked = { corpus_id: 'd1', references: [{ content: 'pulls', start_index: 11, end_index: 16 }] }
    const { questions } = await read({ ...good, 'queries.jsonl': [{ ...queries[0], metadata: marked }] })
    expect(questions[0]?.marked).toMatchObject([{ document: 'd1', start: 11, end: 16 }])
  })

  it('says which judgements lead nowhere, and goes on', async () => {
    const { notes } = await read({ ...good, 'qrels.tsv': qrels(['q1', 'd1', 1], ['q1', 'gone', 1], ['q9', 'd1', 1]) })
    expect(notes).toEqual([
      '1 lines of qrels.tsv judge a document that is not in corpus.jsonl and count as not found (the first: line 3)',
      '1 lines of qrels.tsv are of a question that is not in queries.jsonl and are left out (the first: line 4)',
    ])
  })

  it('may have its judgements where the collections that BEIR publishes have them, and names them there', async () => {
    const { 'qrels.tsv': judged, ...rest } = good
    const published = await read({ ...rest, 'qrels/test.tsv': judged, 'qrels/train.tsv': qrels(['q1', 'd2', 1]) })
    expect(published.questions).toEqual((await read(good)).questions)
    await expect(read({ ...rest, 'qrels/test.tsv': 'q1 d1 1' })).rejects.toThrow(/qrels\/test\.tsv:1: has 1 columns/)
  })

  it('says which questions without an answer are judged to have one, and asks them as such', async () => {
    const { notes, questions } = await read({ ...good, 'qrels.tsv': qrels(['q1', 'd1', 1], ['q2', 'd2', 1]) })
    expect(notes).toEqual([
      '1 questions say "answerable": false, though qrels.tsv has a document that answers them (the first: line 2 of queries.jsonl)',
    ])
    expect(questions[1]).toMatchObject({ isAnswerable: false })
  })

  it('needs no corpus.jsonl when the documents are in a store already', async () => {
    const { 'corpus.jsonl': _, ...rest } = good
    expect((await read(rest, false)).questions).toHaveLength(2)
  })
})

describe('bad input is told with file and line, and ends as wrong usage', () => {
  const span = (start_index: number, end_index: number, content?: string) => [
    { _id: 'q1', text: 'a?', metadata: { corpus_id: 'd1', references: [{ start_index, end_index, content }] } },
  ]
  it.each([
    ['no corpus', { 'corpus.jsonl': undefined }, /no .*corpus\.jsonl: name a folder/],
    ['no questions', { 'queries.jsonl': undefined }, /no .*queries\.jsonl/],
    ['no judgements', { 'qrels.tsv': undefined }, /no .*qrels\.tsv, nor qrels\/test\.tsv/],
    ['an empty corpus', { 'corpus.jsonl': '\n' }, /corpus\.jsonl:1: holds no document/],
    ['broken JSON', { 'corpus.jsonl': '{"_id":"a","text":"b"}\n{"_id":' }, /corpus\.jsonl:2: the line is not valid JSON/],
    ['a missing text', { 'corpus.jsonl': '{"_id":"a"}' }, /corpus\.jsonl:1: the line: 'text' /],
    ['bytes that are no text', { 'corpus.jsonl': Buffer.from([0x7b, 0xff, 0x7d]) }, /corpus\.jsonl:1: is not UTF-8/],
    ['an id used twice', { 'corpus.jsonl': [corpus[0], corpus[0]] }, /corpus\.jsonl:2: _id "d1" is already that of line 1/],
    ['an overlong id', { 'corpus.jsonl': [{ _id: 'x'.repeat(513), text: 'a' }] }, /corpus\.jsonl:1: the line: '_id' /],
    ['an empty question', { 'queries.jsonl': [{ _id: 'q', text: ' ' }] }, /queries\.jsonl:1: the line: 'text' /],
    ['a question used twice', { 'queries.jsonl': [queries[0], queries[0]] }, /queries\.jsonl:2: _id "q1" is already/],
    [
      'answerable in words',
      { 'queries.jsonl': [{ ...queries[0], metadata: { answerable: 'no' } }] },
      /queries\.jsonl:1: metadata\.answerable: has to be true or false/,
    ],
    ['two columns', { 'qrels.tsv': 'q1\td1\n' }, /qrels\.tsv:1: has 2 columns instead of 3/],
    ['spaces for tabs', { 'qrels.tsv': 'q1 d1 1\n' }, /qrels\.tsv:1: has 1 columns instead of 3/],
    ['a score in words', { 'qrels.tsv': `${qrels(['q1', 'd1', 1])}q1\td2\thigh\n` }, /qrels\.tsv:3: the score "high"/],
    ['a judgement given twice', { 'qrels.tsv': qrels(['q1', 'd1', 1], ['q1', 'd1', 2]) }, /qrels\.tsv:3: .* a second time/],
    ['a span past the end', { 'queries.jsonl': span(20, 40) }, /queries\.jsonl:1: .* 20 to 40 is past the end/],
    ['a span of other text', { 'queries.jsonl': span(0, 3, 'Tide') }, /queries\.jsonl:1: .* is not the text given/],
    ['a span backwards', { 'queries.jsonl': span(4, 3) }, /queries\.jsonl:1: metadata\.references\.0: ends before/],
  ])('%s', async (_, change, message) => {
    const files = Object.fromEntries(
      Object.entries({ ...good, ...change }).flatMap(([name, file]) => (file === undefined ? [] : [[name, file]])),
    )
    await expect(read(files)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
  })

  it('a folder that is not there', async () => {
    await expect(readCollection('/no/such/folder', { withDocuments: true })).rejects.toMatchObject({ exitCode: 2 })
  })
})
