import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { collection, documents, evaluateWith } from './testing/evaluate-with.ts'
import { type FakeGateway, startFakeGateway } from './testing/fake-gateway.ts'

let gateway: FakeGateway

beforeEach(async () => {
  gateway = await startFakeGateway()
  gateway.reorder = (chunks, weft) => (weft?.mode === 'vector' ? chunks.toReversed() : chunks)
})

afterEach(async () => gateway.stop())

const evaluate = (more: Parameters<typeof evaluateWith>[1] = {}) => evaluateWith(gateway, more)
const uploads = () => gateway.calls.filter((call) => call === 'POST /v1/files').length

describe('loading a collection', () => {
  it('makes each document a file with its heading, named safely, that carries its id', async () => {
    const report = await evaluate()
    expect(report.store.name).toBe('evaluate weather c0ffee')
    expect([...gateway.files.values()].toSorted((a, b) => (a.filename < b.filename ? -1 : 1))).toMatchObject([
      { filename: 'moon_1.md', attributes: { _id: 'moon/1' }, text: expect.stringMatching(/^# Moon\n\nThe moon 🌕/) },
      { filename: 'rain.md', attributes: { _id: 'rain' }, text: 'Rain falls on the hills.' },
      { filename: 'wind.md', attributes: { _id: 'wind' } },
    ])
  })

  it('says of parts of one text that they are parts of one document, so that search can tell', async () => {
    const parts = documents.map((document) => ({ ...document, partOf: 'weather.txt' }))
    await evaluate({ collection: { ...collection, documents: parts } })
    for (const { attributes } of gateway.files.values()) expect(attributes.document_id).toBe('weather.txt')
  })

  it('sends nothing the second time, and all again when a document changed', async () => {
    await evaluate()
    expect(uploads()).toBe(3)
    expect((await evaluate()).loading).toEqual({ uploaded: 0, failed: [], empty: 0 })
    expect(uploads()).toBe(3)
    await evaluate({ collection: { ...collection, contentHash: 'decade' } })
    expect(uploads()).toBe(6)
  })

  it('loads anew on request, and leaves nothing of the old load behind', async () => {
    const old = await evaluate()
    const { store, loading } = await evaluate({ isReloaded: true })
    expect(loading).toMatchObject({ uploaded: 3 })
    expect([...gateway.stores.keys()]).toEqual([store.id])
    expect(store.id).not.toBe(old.store.id)
    expect(gateway.files.size).toBe(3)
  })

  it('goes on with a run that was stopped', async () => {
    await evaluate({ collection: { ...collection, documents: documents.slice(0, 2) } })
    expect((await evaluate()).loading).toMatchObject({ uploaded: 1 })
    expect(uploads()).toBe(3)
  })

  it('says what could not be indexed, and tries it again the next time without sending it', async () => {
    gateway.failing.add('rain')
    expect((await evaluate()).notes).toEqual(['1 documents could not be indexed (the first: rain: not text)'])
    gateway.failing.clear()
    expect((await evaluate()).notes).toEqual([])
    expect(uploads()).toBe(3)
  })

  it('leaves out documents that hold nothing, which the server would refuse', async () => {
    const { notes } = await evaluate({
      collection: { ...collection, documents: [...documents, { id: 'e', title: ' ', text: '\n' }] },
    })
    expect(notes).toEqual(['1 documents hold no text and were left out'])
  })
})
