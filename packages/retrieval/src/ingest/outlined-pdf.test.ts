import { expect, it } from '@jest/globals'
import PDFDocument from 'pdfkit'
import { searchKnowledge } from '../search/postgres-search-knowledge.ts'
import { finishPdf } from '../parse/testing/make-pdf.ts'
import { ingestFile } from './ingest-file.ts'
import { setUpIngestPlace, tenant } from './testing/ingest-place.ts'

const place = setUpIngestPlace()

it('has the sections of a PDF stand under the titles of its outline, also when the file is added elsewhere', async () => {
  const job = await place.add('manual.pdf', Buffer.from(await manual()))
  await ingestFile(place, job)
  const other = (await place.store.createVectorStore({ tenant })).id
  await place.store.addFile({ tenant, vectorStoreId: other, fileId: job.fileId })
  await ingestFile(place, { ...job, vectorStoreId: other })
  for (const vectorStoreId of [job.vectorStoreId, other]) {
    const { results } = await searchKnowledge(place, {
      tenant,
      vectorStoreIds: [vectorStoreId],
      query: 'warp tension',
      maxResults: 5,
    })
    const found = results.map(({ text, page, heading, start, end }) => ({ text, page, heading, length: end - start }))
    const text = expect.stringMatching(/^1\.1 Warping\s+The beam/)
    expect(found[0]).toEqual({ text, page: 2, heading: 'Looms > Warping', length: expect.any(Number) })
  }
})

function manual(): Promise<Uint8Array> {
  const document = new PDFDocument()
  document.text('1 Looms').text(`\n${'A loom is old and made of oak. '.repeat(20)}`)
  const looms = document.outline.addItem('Looms')
  document
    .addPage()
    .text('1.1 Warping')
    .text(`\nThe beam keeps the warp under tension. ${'It turns slowly. '.repeat(30)}`)
  looms.addItem('Warping')
  return finishPdf(document)
}
