import { describe, expect, it } from '@jest/globals'
import {
  AlignmentType,
  DeletedTextRun,
  Document,
  type FileChild,
  FootnoteReferenceRun,
  HeadingLevel,
  InsertedTextRun,
  type IPropertiesOptions,
  LevelFormat,
  Packer,
  PageBreak,
  Paragraph,
  Tab,
  Table,
  TableCell,
  TableRow,
  TextRun,
} from 'docx'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { sliceCodePoints } from '../text/code-points.ts'
import { parseFile } from './parse-file.ts'

describe('a Word document', () => {
  it('keeps headings, lists and tables as Markdown', async () => {
    const { text, kind } = await read([
      new Paragraph({ text: 'Handbook', heading: HeadingLevel.TITLE }),
      new Paragraph({ text: 'Überblick 漢字 😀', heading: HeadingLevel.HEADING_1 }),
      new Paragraph({ children: [new TextRun('One '), new TextRun({ text: 'bold', bold: true }), new TextRun(' word.')] }),
      new Paragraph({ text: 'first', bullet: { level: 0 } }),
      new Paragraph({ text: 'inner', bullet: { level: 1 } }),
      table([
        ['Name', 'Age'],
        ['Ann | Bo', '41'],
      ]),
      new Paragraph('The end.'),
    ])
    expect(kind).toBe('docx')
    expect(text).toBe(
      '# Handbook\n\n# Überblick 漢字 😀\n\nOne bold word.\n\n- first\n  - inner\n\n' +
        '| Name | Age |\n| --- | --- |\n| Ann \\| Bo | 41 |\n\nThe end.',
    )
  })

  it('has words whole where Word may part them', async () => {
    expect((await read([new Paragraph('Donau\u00addampf\u200bschiff')])).text).toBe('Donaudampfschiff')
  })

  it('counts numbered headings and lists as Word shows them', async () => {
    const levels = [
      { level: 0, format: LevelFormat.DECIMAL, text: '%1.', alignment: AlignmentType.LEFT },
      { level: 1, format: LevelFormat.LOWER_ROMAN, text: '%1.%2', alignment: AlignmentType.LEFT },
    ]
    const numbered = (text: string, level: number) => new Paragraph({ text, numbering: { reference: 'n', level } })
    const heading = new Paragraph({ text: 'Scope', heading: HeadingLevel.HEADING_2, numbering: { reference: 'n', level: 0 } })
    const { text } = await read([heading, numbered('a', 1), numbered('b', 1), numbered('c', 0), numbered('d', 1)], {
      numbering: { config: [{ reference: 'n', levels }] },
    })
    expect(text).toBe('## 1. Scope\n\n  - 1.i a\n  - 1.ii b\n2. c\n  - 2.i d')
  })

  it('reads what a reader sees: insertions and notes, no deletions and no hidden text', async () => {
    const { text } = await read(
      [
        new Paragraph({
          children: [
            new TextRun('Kept'),
            new InsertedTextRun({ text: ' added', id: 1, author: 'a', date: '2024-01-01T00:00:00Z' }),
            new DeletedTextRun({ text: ' deleted', id: 2, author: 'a', date: '2024-01-01T00:00:00Z' }),
            new TextRun({ text: ' hidden', vanish: true }),
            new FootnoteReferenceRun(1),
            new TextRun({ children: [new Tab(), 'tabbed'] }),
          ],
        }),
      ],
      { footnotes: { 1: { children: [new Paragraph('See the source.')] } } },
    )
    expect(text).toBe('Kept added\ttabbed\n\nNote: See the source.')
  })

  it('flattens a table within a table, and takes a frame of one cell for text', async () => {
    const cell = new TableCell({ children: [new Paragraph('outer'), table([['x', 'y']]), new Paragraph('')] })
    const { text } = await read([
      new Table({ rows: [new TableRow({ children: [cell, new TableCell({ children: [new Paragraph('right')] })] })] }),
      table([['Framed text.']]),
    ])
    expect(text).toBe('| outer x y | right |\n| --- | --- |\n\nFramed text.')
  })

  it('has pages where Word laid it out, and none where it did not', async () => {
    const bytes = await write([
      new Paragraph('Page one 😀.'),
      new Paragraph({ children: [new PageBreak()] }),
      new Paragraph('ON TWO'),
    ])
    expect((await parseFile({ filename: 'a.docx', bytes })).pages).toBeUndefined()
    const laidOut = edit(bytes, 'word/document.xml', (xml) => xml.replace(/(<w:t[^>]*>)ON/, '<w:lastRenderedPageBreak/>$1ON'))
    const { text, pages = [] } = await parseFile({ filename: 'a.docx', bytes: laidOut })
    expect(pages.map((start) => sliceCodePoints(text, start, start + 6))).toEqual(['Page o', 'ON TWO'])
  })

  it('reads 2,000 pages', async () => {
    const bytes = await write([new Paragraph('PAGE')])
    const page = '<w:p><w:r><w:lastRenderedPageBreak/><w:t>A page about tides and the moon.</w:t></w:r></w:p>'
    const long = edit(bytes, 'word/document.xml', (xml) => xml.replace('<w:body>', `<w:body>${page.repeat(2_000)}`))
    const { pages } = await parseFile({ filename: 'a.docx', bytes: long })
    expect(pages).toHaveLength(2_001)
  })
})

describe('a Word document from a stranger', () => {
  it('resolves no entity and fetches nothing', async () => {
    const bytes = edit(await write([new Paragraph('BODY')]), 'word/document.xml', (xml) =>
      xml
        .replace('<w:document', '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "yyyy">]><w:document')
        .replace('BODY', 'a &x; &y; b'),
    )
    expect((await parseFile({ filename: 'a.docx', bytes })).text).toBe('a &x; &y; b')
  })

  it.each([
    ['ends in the middle', (xml: string) => xml.slice(0, xml.length - 40), /ends in the middle/],
    ['nests without end', (xml: string) => xml.replace('<w:body>', `<w:body>${'<w:x>'.repeat(5_000)}`), /nests deeper/],
  ])('is refused when a part of it %s', async (_, change, message) => {
    const bytes = edit(await write([new Paragraph('x')]), 'word/document.xml', change)
    await expect(parseFile({ filename: 'a.docx', bytes })).rejects.toMatchObject({
      code: 'damaged_document',
      message: expect.stringMatching(message),
    })
  })

  it('is not led astray by numbers no program writes', async () => {
    const levels = [{ level: 0, format: LevelFormat.DECIMAL, text: '%1.', alignment: AlignmentType.LEFT }]
    const bytes = await write([new Paragraph({ text: 'item', numbering: { reference: 'n', level: 0 } }), table([['a', 'b']])], {
      numbering: { config: [{ reference: 'n', levels }] },
    })
    const wild = edit(bytes, 'word/document.xml', (xml) =>
      xml.replace(/w:ilvl w:val="0"/, 'w:ilvl w:val="1e9"').replace('<w:tcPr>', '<w:tcPr><w:gridSpan w:val="1e9"/>'),
    )
    expect((await parseFile({ filename: 'a.docx', bytes: wild })).text.slice(0, 7)).toBe('1. item')
  })

  it('is refused when it holds no text', async () => {
    await expect(parseFile({ filename: 'a.docx', bytes: await write([new Paragraph('')]) })).rejects.toMatchObject({
      code: 'no_text',
    })
  })
})

function table(rows: string[][]): Table {
  const cell = (text: string) => new TableCell({ children: [new Paragraph(text)] })
  return new Table({ rows: rows.map((texts) => new TableRow({ children: texts.map(cell) })) })
}

async function read(children: FileChild[], options?: Partial<IPropertiesOptions>) {
  return parseFile({ filename: 'a.docx', bytes: await write(children, options) })
}

async function write(children: FileChild[], options: Partial<IPropertiesOptions> = {}): Promise<Uint8Array> {
  return new Uint8Array(await Packer.toBuffer(new Document({ ...options, sections: [{ children }] })))
}

function edit(bytes: Uint8Array, part: string, change: (xml: string) => string): Uint8Array {
  const parts = unzipSync(bytes)
  return zipSync({ ...parts, [part]: strToU8(change(new TextDecoder().decode(parts[part]))) })
}
