import { describe, expect, it } from '@jest/globals'
import { strToU8, unzipSync, zipSync } from 'fflate'
import writeExcelFile, { type Sheet } from 'write-excel-file/node'
import { parseFile } from './parse-file.ts'
import { numberText } from './xlsx-values.ts'

describe('a workbook', () => {
  it('becomes a heading for each sheet and a table for each block of rows', async () => {
    const { text, kind } = await read([
      {
        sheet: 'Sales & co',
        data: [
          ['Report 2024 😀'],
          [],
          ['Name', 'Amount', 'Day', 'Share', 'Paid'],
          [
            'Ann | Bo',
            0.1 + 0.2,
            { value: new Date(Date.UTC(2024, 1, 29)), type: Date, format: 'dd/mm/yyyy' },
            { value: 0.25, type: Number, format: '0%' },
            true,
          ],
          [null, null, { value: new Date(Date.UTC(2024, 1, 29, 13, 45)), type: Date, format: 'dd.mm.yy hh:mm' }, 12],
        ],
      },
      { sheet: 'Second', data: [[], [null, null, 'x', 'y'], [null, null, 1, 2]] },
    ])
    expect(kind).toBe('xlsx')
    expect(text).toBe(
      '# Sales & co\n\nReport 2024 😀\n\n| Name | Amount | Day | Share | Paid |\n| --- | --- | --- | --- | --- |\n' +
        '| Ann \\| Bo | 0.3 | 2024-02-29 | 25% | TRUE |\n|  |  | 2024-02-29 13:45 | 12 |  |\n\n' +
        '# Second\n\n| x | y |\n| --- | --- |\n| 1 | 2 |',
    )
  })

  it('leaves hidden sheets out, and shows a formula nobody has computed yet', async () => {
    const parts = unzipSync(
      await write([
        { sheet: 'Open', data: [['a', 'b']] },
        { sheet: 'Closed', data: [['secret', 'word']] },
      ]),
    )
    const workbook = text(parts['xl/workbook.xml']).replace('name="Closed"', 'name="Closed" state="hidden"')
    const cell = '<c r="C1"><f>SUM(A1:B1)</f></c><c r="D1" t="str"><f>A1</f><v>done</v></c></row>'
    const sheet = text(parts['xl/worksheets/sheet1.xml']).replace('</row>', cell)
    const bytes = zipSync({ ...parts, 'xl/workbook.xml': strToU8(workbook), 'xl/worksheets/sheet1.xml': strToU8(sheet) })
    expect((await parseFile({ filename: 'a.xlsx', bytes })).text).toBe(
      '# Open\n\n| a | b | =SUM(A1:B1) | done |\n| --- | --- | --- | --- |',
    )
  })

  it('puts a cell far to the right at the end of its row', async () => {
    const rows = Array.from({ length: 300 }, (_, n) => (n === 250 ? ['a', 'b', ...Array(40).fill(null), 'far'] : ['a', 'b']))
    const { text } = await read([{ sheet: 'S', data: rows }])
    expect(text.split('\n').find((line) => line.includes('far'))).toBe('| a | b | far |')
    expect(text.length).toBeLessThan(4_000)
  })

  it('is refused when many cells share one long text, which would fill the memory', async () => {
    const parts = unzipSync(await write([{ sheet: 'S', data: [['x']] }]))
    const cells = '<c t="s"><v>0</v></c>'.repeat(5_000)
    const bytes = zipSync({
      ...parts,
      'xl/sharedStrings.xml': strToU8(`<sst><si><t>${'long '.repeat(8_000)}</t></si></sst>`),
      'xl/worksheets/sheet1.xml': strToU8(`<worksheet><sheetData><row>${cells}</row></sheetData></worksheet>`),
    })
    await expect(parseFile({ filename: 'a.xlsx', bytes })).rejects.toMatchObject({ code: 'too_large' })
  })

  it('is refused when its sheets are empty', async () => {
    await expect(read([{ sheet: 'S', data: [[]] }])).rejects.toMatchObject({ code: 'no_text' })
  })

  it.each([
    ['0.30000000000000004', 'plain', '0.3'],
    ['1E+21', 'plain', '1e+21'],
    ['59', 'date', '1900-02-28'],
    ['61', 'date', '1900-03-01'],
    ['0.5', 'date', '12:00'],
    ['45351.75', 'date', '2024-02-29 18:00'],
    ['-1', 'date', '-1'],
    ['0.075', 'percent', '7.5%'],
    ['#N/A', 'plain', '#N/A'],
  ] as const)('shows %s as a %s: %s', (raw, format, shown) => {
    expect(numberText(raw, format, false)).toBe(shown)
  })
})

async function read(sheets: Sheet<never>[]) {
  return parseFile({ filename: 'a.xlsx', bytes: await write(sheets) })
}

async function write(sheets: Sheet<never>[]): Promise<Uint8Array> {
  return new Uint8Array(await writeExcelFile(sheets).toBuffer())
}

function text(part: Uint8Array | undefined): string {
  return new TextDecoder().decode(part)
}
