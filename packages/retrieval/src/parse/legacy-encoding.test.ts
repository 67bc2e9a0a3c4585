import { describe, expect, it } from '@jest/globals'
import { legacyEncodingOf } from './legacy-encoding.ts'
import { parseFile } from './parse-file.ts'

/** Encoded by Python's codecs of the same names. */
const files: [name: string, hex: string, text: string][] = [
  [
    'Windows-1252',
    '4b756e64653b53747261df653b4d656e67650a4dfc6c6c65723b4bf66e696773616c6c656520353b31320a',
    'Kunde;Straße;Menge\nMüller;Königsallee 5;12\n',
  ],
  ['one letter of Windows-1252', '69643b4f72740a313b4bf66c6e0a', 'id;Ort\n1;Köln\n'],
  [
    'signs of Windows-1252',
    '543d3230b0433b20413d35206db23b20353020a33b20a72035208450726569739320962031303020800a',
    'T=20°C; A=5 m²; 50 £; § 5 „Preis“ – 100 €\n',
  ],
  [
    'Windows-1250',
    '50b361746e6f9ce62070727a656c6577656d2077206369b96775206d69657369b963613b20a3f3649f0a',
    'Płatność przelewem w ciągu miesiąca; Łódź\n',
  ],
  [
    'ISO-8859-2',
    '5a61bff3b3e62067eab66cb1206a61bcf13b2063656e61207a616b7570752077796e6f73692073746f207ab36f747963682c2070b361746e6fb6e60a',
    'Zażółć gęślą jaźń; cena zakupu wynosi sto złotych, płatność\n',
  ],
  ['Windows-1251', 'c8ecff3bc3eef0eee40ac8e2e0ed3bcceef1eae2e00a', 'Имя;Город\nИван;Москва\n'],
  ['KOI8-R', 'e9cdd13be7cfd2cfc40ae9d7c1ce3bedcfd3cbd7c10a', 'Имя;Город\nИван;Москва\n'],
  [
    'IBM866',
    '88acef3b83aee0aea40a88a2a0ad208fa5e2e0aea23b8caee1aaa2a00a84aea3aea2aee020a2e1e2e3afa0a5e220a220e1a8abe320e120afa5e0a2aea3ae20efada2a0e0ef2e0a',
    'Имя;Город\nИван Петров;Москва\nДоговор вступает в силу с первого января.\n',
  ],
  [
    'Windows-1253',
    'c720f3fdece2e1f3e720f4dfe8e5f4e1e920f3e520e9f3f7fd20f4e7ed20f0f1fef4e720c9e1edeff5e1f1dfeff52e0a',
    'Η σύμβαση τίθεται σε ισχύ την πρώτη Ιανουαρίου.\n',
  ],
  [
    'Windows-1254',
    '53f67a6c65fe6d65206f63616b206179fd6efd6e20626972696e64652079fc72fc726cfcf0652067697265722e0a',
    'Sözleşme ocak ayının birinde yürürlüğe girer.\n',
  ],
  ['Windows-1255', 'e4e7e5e6e420f0ebf0f120ecfae5f7f320e1e0e7e320e1e9f0e5e0f82e0a', 'החוזה נכנס לתוקף באחד בינואר.\n'],
  [
    'Windows-1256',
    'edcfcee120c7e1dadecf20cdedd220c7e1cae4ddedd020dded20c7e1c3e6e120e3e420ede4c7edd12e0a',
    'يدخل العقد حيز التنفيذ في الأول من يناير.\n',
  ],
  ['Shift_JIS', '956996bc2c909497ca0a82e882f182b22c350a', '品名,数量\nりんご,5\n'],
  ['EUC-JP', 'c9caccbe2cbff4cecc0aa4eaa4f3a4b42c350a', '品名,数量\nりんご,5\n'],
  ['GB18030', 'c9ccc6b72ccafdc1bf0ac6bbb9fb2c350a', '商品,数量\n苹果,5\n'],
  ['Big5', 'b0d3ab7e2cbcc6b6710ac4abaa472c350a', '商品,數量\n蘋果,5\n'],
  ['EUC-KR', 'bbf3c7b02cbcf6b7ae0abbe7b0fa2c350a', '상품,수량\n사과,5\n'],
]

describe('a file in a legacy encoding', () => {
  it.each(files)('is read as the text it is: %s', async (_, hex, text) => {
    expect(await parseFile({ filename: 'a.csv', bytes: Buffer.from(hex, 'hex') })).toEqual({ text, kind: 'table' })
  })

  it.each([
    ['a.log', 'data'],
    ['a.cpp', 'code'],
    ['a.tsv', 'table'],
    ['a.md', 'markdown'],
    ['notes', 'text'],
  ])('may be any kind of text: %s', async (filename, kind) => {
    expect(await parseFile({ filename, bytes: Buffer.from('// f\xfcr Gr\xf6\xdfen', 'latin1') })).toEqual({
      text: '// für Größen',
      kind,
    })
  })

  it('is told by its letters beyond ASCII, wherever they stand', async () => {
    const text = `${'2026-01-01 ERROR connection refused\n'.repeat(3_000)}2026-01-02 ERROR \xdcbersicht.txt nicht gefunden`
    expect(await legacyEncodingOf(Buffer.from(text, 'latin1'))).toBe('windows-1252')
    expect(await legacyEncodingOf(Buffer.from(text.replaceAll('\n', ' '), 'latin1'))).toBe('windows-1252')
  })

  it('is told in one line without a space', async () => {
    const [, hex = ''] = files.find(([name]) => name === 'GB18030') ?? []
    const line = Buffer.from(hex.replaceAll(/2c|0a|35/g, ''), 'hex')
    expect(await legacyEncodingOf(Buffer.concat(Array.from({ length: 9_001 }, () => line)))).toBe('gb18030')
  })
})
