import { expect, it } from '@jest/globals'
import { chunkText } from './chunk-text.ts'

it('cuts at headings known from elsewhere, whose places count code points, and names the trail of each passage', () => {
  const filler = 'The keeper lights the lamp each evening 😀. '.repeat(10)
  const parts = [`Preface.\n\n${filler}\n\n`, `1 Lamps\n\n${filler}\n\n`, `1.1 Oil\n\n${filler}\n\n`, `2 Fog\n\n${filler}`]
  const starts = parts.map((_, index) => [...parts.slice(0, index).join('')].length)
  const headings = [
    { title: 'Lamps', level: 1, start: starts[1] ?? 0 },
    { title: 'Oil', level: 2, start: starts[2] ?? 0 },
    { title: 'Fog', level: 1, start: starts[3] ?? 0 },
  ]
  const chunks = [...chunkText({ text: parts.join(''), kind: 'pdf', headings })]
  expect(chunks.map(({ heading, text }) => [heading, text.split('\n')[0]])).toEqual([
    ['', 'Preface.'],
    ['Lamps', '1 Lamps'],
    ['Lamps > Oil', '1.1 Oil'],
    ['Fog', '2 Fog'],
  ])
})
