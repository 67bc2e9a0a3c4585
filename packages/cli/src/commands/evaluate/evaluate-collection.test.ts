import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { gateOption } from './gate-option.ts'
import type { Collection } from './read-collection.ts'
import { defaultSettings, settingOption } from './setting-option.ts'
import { collection, documents, evaluateWith, question, questions } from './testing/evaluate-with.ts'
import { type FakeGateway, startFakeGateway } from './testing/fake-gateway.ts'

let gateway: FakeGateway

beforeEach(async () => {
  gateway = await startFakeGateway()
  // The vector setting finds what the others find, the last first.
  gateway.reorder = (chunks, weft) => (weft?.mode === 'vector' ? chunks.toReversed() : chunks)
})

afterEach(async () => gateway.stop())

const evaluate = (more: Parameters<typeof evaluateWith>[1] = {}) => evaluateWith(gateway, more)

describe('comparing settings', () => {
  it('asks every question under every setting for as many results as there can be', async () => {
    await evaluate({
      settings: ['bm25', 'mine=hybrid:fusion=min_max,textWeight=0.4,multiHop=true', 'default'].reduce(addSetting, []),
    })
    expect(gateway.searches).toHaveLength(9)
    expect(gateway.searches.slice(0, 3)).toEqual([
      { query: 'what pulls the sea', max_num_results: 50, weft: { mode: 'bm25' } },
      {
        query: 'what pulls the sea',
        max_num_results: 50,
        weft: { mode: 'hybrid', fusion: 'min_max', textWeight: 0.4, multiHop: true },
      },
      { query: 'what pulls the sea', max_num_results: 50 },
    ])
  })

  it('lets the settings take turns at going first', async () => {
    await evaluate()
    expect(gateway.searches.map(({ weft }) => weft)).toEqual(
      ['bm25', 'vector', 'hybrid', 'vector', 'hybrid', 'bm25', 'hybrid', 'bm25', 'vector'].map((mode) => ({ mode })),
    )
  })

  it('measures them by document, and how far each is from the first', async () => {
    const { settings, notes } = await evaluate()
    expect(settings.map(({ name, metrics }) => [name, metrics['mrr@10']?.mean])).toEqual([
      ['bm25', 1],
      ['vector', expect.closeTo((1 / 3 + 1 + 1) / 3)],
      ['hybrid', 1],
    ])
    expect(settings[0]?.differences).toBeNull()
    expect(settings[1]?.differences?.['mrr@10']?.mean).toBeCloseTo(-2 / 9)
    expect(settings[2]?.differences?.['mrr@10']).toEqual({ mean: 0, low: 0, high: 0, count: 3 })
    expect(notes).toEqual([])
  })

  it('says so when the server finds the same whatever it is asked', async () => {
    gateway.reorder = (chunks) => chunks
    expect((await evaluate()).notes).toEqual([expect.stringMatching(/every setting found the same for every question/)])
  })

  it('says so when a setting finds nothing at all, as vectors do in a mesh that has none', async () => {
    gateway.reorder = (chunks, weft) => (weft?.mode === 'vector' ? [] : chunks)
    expect((await evaluate()).notes).toEqual([
      expect.stringMatching(/^"vector" found nothing for any question: .*embeddings status/),
    ])
  })

  it('takes a sample of the questions, the same for the same seed', async () => {
    const first = await evaluate({ queriesMax: 2 })
    expect(first.collection).toMatchObject({ questions: 2, judged: 3 })
    const asked = gateway.searches.map(({ query }) => query)
    gateway.searches.length = 0
    await evaluate({ queriesMax: 2 })
    expect(gateway.searches.map(({ query }) => query)).toEqual(asked)
  })

  it('measures marked spans where the stored text has them, behind the heading', async () => {
    const text = documents[0]?.text ?? ''
    // The moon before it takes two code units and is one code point.
    const start = text.indexOf('pulls') - 1
    const marked = [{ document: 'moon/1', start, end: start + 'pulls the sea'.length }]
    const { settings } = await evaluate({
      collection: { ...collection, questions: [question('q1', 'pulls', { grades: new Map([['moon/1', 1]]), marked })] },
    })
    expect(settings[0]?.metrics['span_recall@5']?.mean).toBe(1)
    expect(settings[0]?.metrics['span_iou@5']?.mean).toBeCloseTo(13 / 60)
  })

  it('evaluates a store that is there already, by the names of its files', async () => {
    await evaluate()
    for (const file of gateway.files.values()) file.attributes = { path: `notes/${file.filename}` }
    const [store] = gateway.stores.values()
    const grades = new Map([
      ['notes/rain.md', 1],
      ['notes/mist.md', 1],
    ])
    const report = await evaluate({
      store,
      collection: { ...collection, documents: [], questions: [question('q', 'rain', { grades })] },
    })
    expect(report.settings[0]?.metrics['recall@10']?.mean).toBe(0.5)
    expect(report.notes[0]).toBe('1 judged documents are not in the store (such as "notes/mist.md") and count as not found')
    expect(gateway.files.size).toBe(3)
  })
})

describe('asking for answers', () => {
  const quote = '🌕 pulls the sea'
  const citation = (fileId: string, start: number) => ({
    index: 1,
    fileId,
    filename: 'moon_1.md',
    quote,
    start,
    end: start + [...quote].length,
    score: 1,
    verified: true,
  })
  const answers = (citations: object[], degraded: string[] = []) => ({ weft: { status: 'completed', degraded, citations } })
  const fileOf = (document: string) => [...gateway.files.values()].find(({ attributes }) => attributes._id === document)?.id ?? ''
  const unanswerable = question('q4', 'who is the king', { isAnswerable: false })
  const asking = {
    answersMax: 10,
    settings: defaultSettings.slice(0, 1),
    collection: { ...collection, questions: [...questions, unanswerable] },
  }

  it('checks where quotes stand, what they are from, and what was refused', async () => {
    gateway.answer = (text) => {
      const start = '# Moon\n\nThe moon '.length
      if (text === 'what pulls the sea')
        return answers([citation(fileOf('moon/1'), start), citation(fileOf('moon/1'), start + 1)])
      if (text === 'what falls on hills') return answers([citation(fileOf('moon/1'), start)])
      return answers([], ['no_evidence'])
    }
    const report = await evaluate(asking)
    expect(report.answers).toMatchObject({ asked: 4, failed: 0, quotes: { total: 3, verbatim: 2 } })
    expect(report.answers?.metrics).toMatchObject({
      citation_precision: { mean: 0.5, count: 2 },
      quotes_verbatim: { mean: 0.75, count: 2 },
      answered: { mean: 2 / 3, count: 3 },
      refused: { mean: 1, count: 1 },
      abstention: { mean: 0.75, count: 4 },
    })
  })

  it('counts what fails, and goes on', async () => {
    gateway.answer = (text) =>
      text === 'what moves sand' ? { status: 503 } : { weft: { status: 'failed', degraded: [], citations: [] } }
    const { answers: report } = await evaluate(asking)
    expect(report).toMatchObject({ asked: 4, failed: 4, metrics: { abstention: { mean: 0 } } })
    expect(report?.failures).toContain('the turn ended failed')
  })

  it('asks only in the store that is evaluated', async () => {
    gateway.answer = () => answers([], ['no_evidence'])
    await evaluate({ ...asking, answersMax: 1 })
    expect(gateway.calls.filter((call) => call === 'POST /v1/chat/completions')).toHaveLength(1)
  })
})

describe('gates', () => {
  const gates = (...texts: string[]) => texts.reduce(addGate, [])

  it('are met or missed by what was measured', async () => {
    gateway.answer = () => ({ weft: { status: 'completed', degraded: ['no_evidence'], citations: [] } })
    const report = await evaluate({
      answersMax: 3,
      gates: gates(
        'hybrid.ndcg@10>=0.99',
        'bm25.ndcg@10<0.5',
        'bm25.p99_ms<=60000',
        'answers.answered>=0.5',
        'answers.quotes_verbatim>=1',
      ),
    })
    expect(report.gates).toEqual([
      { gate: 'hybrid.ndcg@10>=0.99', value: 1, isMet: true },
      { gate: 'bm25.ndcg@10<0.5', value: 1, isMet: false },
      { gate: 'bm25.p99_ms<=60000', value: expect.any(Number), isMet: true },
      { gate: 'answers.answered>=0.5', value: 0, isMet: false },
      { gate: 'answers.quotes_verbatim>=1', value: null, isMet: false },
    ])
  })

  it.each([
    ['a setting that is not run', 'other.ndcg@10>=0.5', /no setting "other"; there are bm25, vector, hybrid/],
    ['a metric nobody knows', 'hybrid.ndcg@7>=0.5', /no metric "ndcg@7" here/],
    ['spans where none are marked', 'hybrid.span_recall@5>=0.5', /no metric "span_recall@5" here/],
    ['answers that are not asked for', 'answers.answered>=0.5', /needs --answers/],
  ])('on %s are refused before anything is sent', async (_, text, message) => {
    await expect(evaluate({ gates: gates(text) })).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
    expect(gateway.calls).toEqual([])
  })
})

describe('choosing a fusion', () => {
  const words = ['alder', 'birch', 'cedar', 'elder', 'fir', 'hazel', 'larch', 'maple', 'oak', 'pine', 'rowan', 'willow']
  const trees: Collection = {
    ...collection,
    documents: words.flatMap((word) => [
      { id: word, title: '', text: `${word} ${word}` },
      { id: `not-${word}`, title: '', text: `${word} again` },
    ]),
    questions: words.map((word) => question(word, word, { grades: new Map([[`not-${word}`, 1]]) })),
  }

  beforeEach(() => {
    gateway.reorder = (chunks, weft) => (weft?.fusion === 'min_max' && weft.textWeight === 0.3 ? chunks.toReversed() : chunks)
  })

  it('finds the best, and stores it with the store without losing what its metadata held', async () => {
    const { store } = await evaluate({ collection: trees })
    Object.assign(gateway.stores.get(store.id) ?? {}, { metadata: { owner: 'me' } })
    const { choice } = await evaluate({ collection: trees, choosing: { isApplied: true } })
    expect(choice).toMatchObject({ fusion: 'min_max', textWeight: 0.3, chosenOn: { mean: 1 }, isApplied: true })
    expect(choice?.difference.low).toBeGreaterThan(0)
    expect(gateway.stores.get(store.id)?.metadata).toEqual({ owner: 'me', 'weft.fusion': 'min_max', 'weft.text_weight': '0.3' })
  })

  it('stores nothing unless asked to', async () => {
    const { store, choice } = await evaluate({ collection: trees, choosing: { isApplied: false } })
    expect(choice?.isApplied).toBe(false)
    expect(gateway.stores.get(store.id)?.metadata).toEqual({})
  })

  it('is refused where a handful of questions would choose by chance', async () => {
    await expect(evaluate({ choosing: { isApplied: true } })).rejects.toMatchObject({
      exitCode: 2,
      message: '--choose needs at least 10 judged questions; here are 3',
    })
  })
})

it('refuses a collection whose judgements make nothing relevant', async () => {
  await expect(evaluate({ collection: { ...collection, questions: [question('q', 'a')] } })).rejects.toMatchObject({
    exitCode: 2,
  })
})

function addSetting(settings: ReturnType<typeof settingOption>, text: string) {
  return settingOption(text, settings)
}

function addGate(gates: ReturnType<typeof gateOption>, text: string) {
  return gateOption(text, gates)
}
