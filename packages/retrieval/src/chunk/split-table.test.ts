import { describe, expect, it } from '@jest/globals'
import type { FileKind } from '../parse/file-kind.ts'
import { sliceCodePoints } from '../text/code-points.ts'
import { chunkText } from './chunk-text.ts'
import { splitTable } from './split-table.ts'

const rowsOf = (text: string) => [...splitTable(text)].map(({ start, end }) => text.slice(start, end))

describe('a table of separated values', () => {
  it.each([
    ['commas', 'name,age\nAnn,41\nBo,7\n', ['name,age\n', 'Ann,41\n', 'Bo,7\n']],
    ['tabs and CRLF', 'name\tage\r\nAnn\t41\r\nBo\t7', ['name\tage\r\n', 'Ann\t41\r\n', 'Bo\t7']],
    [
      'semicolons and quotes',
      'name;note\nAnn;"two\nlines; ""so"""\nBo;x\n',
      ['name;note\n', 'Ann;"two\nlines; ""so"""\n', 'Bo;x\n'],
    ],
    ['a quote left open', 'a,b\n1,"x\n2,y\n', ['a,b\n', '1,"x\n2,y\n']],
  ])('is cut at its rows: %s', (_, text, rows) => {
    expect(rowsOf(text)).toEqual(rows)
  })

  it('repeats nothing, keeps exact offsets, and names the columns of rows cut off from their header', () => {
    const rows = Array.from({ length: 300 }, (_, n) => `${n},"Zoë 😀 ${n}\n漢字","${'long text '.repeat(n % 7)}"`)
    const chunks = check(`number,who,what is\n${rows.join('\n')}\n`, 'table')
    expect(chunks.length).toBeGreaterThan(5)
    expect(chunks[0]?.heading).toBe('')
    for (const { heading, text } of chunks.slice(1)) {
      expect(heading).toBe('number, who, what is')
      expect(text).toMatch(/^\d+,".*"$/s)
    }
    for (const [index, { start }] of chunks.entries()) if (index > 0) expect(start).toBe((chunks[index - 1]?.end ?? 0) + 1)
  })

  it('takes no first row of numbers for names', () => {
    const chunks = check(`1,2.5,30%\n${'4,5,6\n'.repeat(1_000)}`, 'table')
    expect(new Set(chunks.map(({ heading }) => heading))).toEqual(new Set(['']))
  })

  it('takes 10 MB in one line, and in one quote', () => {
    expect(rowsOf('x,'.repeat(5_000_000))).toHaveLength(1)
    expect(rowsOf(`"${'x\n'.repeat(5_000_000)}`)).toHaveLength(1)
  })
})

describe('a Markdown table too long for a chunk', () => {
  it('is cut at its rows, which stand under their columns', () => {
    const rows = Array.from({ length: 200 }, (_, n) => `| Ann ${n} | a \\| b |`)
    const chunks = check(`# People\n\n| Name | Note \\| more |\n| --- | --- |\n${rows.join('\n')}\n\nThe end.`, 'xlsx')
    expect(chunks.map(({ heading }) => heading).slice(0, 3)).toEqual([
      'People',
      'People > Name, Note | more',
      'People > Name, Note | more',
    ])
    for (const { text } of chunks.slice(1)) expect(text).toMatch(/^\| Ann \d+ \|/)
  })
})

function check(text: string, kind: FileKind) {
  const chunks = [...chunkText({ text, kind })]
  for (const chunk of chunks) expect(sliceCodePoints(text, chunk.start, chunk.end)).toBe(chunk.text)
  return chunks
}
