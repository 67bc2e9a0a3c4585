import { expect, it } from '@jest/globals'
import { chunkText } from './chunk-text.ts'
import { documentStretches } from './document-stretches.ts'

const text = `# Annual report of Heron Ltd 🌊\n\n${Array.from({ length: 400 }, (_, n) => `Paragraph ${n} says what quarter ${n} brought.\n\n`).join('')}`
const chunks = [...chunkText({ text, kind: 'markdown' })]

it('shows a document whole to all its chunks where it fits', () => {
  expect(documentStretches(text, chunks, text.length)).toEqual([{ document: text, chunks }])
  expect(documentStretches(text, [], text.length)).toEqual([])
})

it('shows of a long document its beginning and what is around a chunk, the same to neighbours', () => {
  const charsMax = 6_000
  const stretches = documentStretches(text, chunks, charsMax)
  expect(stretches.flatMap((stretch) => stretch.chunks)).toEqual(chunks)
  expect(stretches.length).toBeLessThan(chunks.length / 1.5)
  for (const { document, chunks: shown } of stretches) {
    expect(document.length).toBeLessThanOrEqual(charsMax + 10)
    expect(document).toMatch(/^# Annual report of Heron Ltd/)
    for (const chunk of shown) expect(document).toContain(chunk.text)
  }
})
