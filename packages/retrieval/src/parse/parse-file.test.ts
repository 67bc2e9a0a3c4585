import { beforeAll, describe, expect, it, jest } from '@jest/globals'
import { knowledgeLimits } from '@weft/contracts'
import fc from 'fast-check'
import { sliceCodePoints } from '../text/code-points.ts'
import { compareWithUtf8, decodeText } from './decode-text.ts'
import { FileRefusal, type FileRefusalCode } from './file-refusal.ts'
import { checkFileSize, parseFile } from './parse-file.ts'
import { makePdf } from './testing/make-pdf.ts'

const oleSignature = Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
const bytes = (text: string) => new TextEncoder().encode(text)

// pdf.js warns that it cannot draw, which nobody asks of it here.
beforeAll(() => void jest.spyOn(console, 'warn').mockReturnValue())

describe('parseFile', () => {
  it('keeps text as it is, byte order mark apart', async () => {
    const text = 'Grüße\r\n漢字 😀'
    expect(await parseFile({ filename: 'a.txt', bytes: bytes(text) })).toEqual({ text, kind: 'text' })
    expect(await parseFile({ filename: 'a.md', bytes: bytes(`\ufeff${text}`) })).toEqual({ text, kind: 'markdown' })
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
    expect(await parseFile({ filename: 'a.csv', bytes: utf16 })).toEqual({ text, kind: 'table' })
    expect(await parseFile({ filename: 'a.log', bytes: Buffer.from(utf16).swap16() })).toEqual({ text, kind: 'data' })
  })

  it.each([
    ['a.py', 'code'],
    ['Makefile', 'code'],
    ['notes', 'text'],
    ['a.unknown', 'text'],
    ['x.JSON', 'data'],
    ['dir/README', 'markdown'],
  ])('reads %s as %s', async (filename, kind) => {
    expect((await parseFile({ filename, bytes: bytes('some text') })).kind).toBe(kind)
  })

  it.each<{ what: string; filename: string; content: Uint8Array; code: FileRefusalCode; message: RegExp }>([
    { what: 'an empty file', filename: 'a.txt', content: new Uint8Array(), code: 'empty', message: /empty/ },
    { what: 'white space only', filename: 'a.txt', content: bytes(' \n\t '), code: 'empty', message: /white space/ },
    { what: 'a NUL byte', filename: 'a.txt', content: bytes('abc\u0000def'), code: 'binary', message: /offset 3/ },
    {
      what: 'control bytes',
      filename: 'a.txt',
      content: Uint8Array.of(0x41, 0x01, 0x02, 0xff),
      code: 'binary',
      message: /offset 1/,
    },
    {
      what: 'control bytes far into a text that is not UTF-8',
      filename: 'a.txt',
      content: Buffer.from(`Gr\xfc\xdfe${' '.repeat(9_000)}\x01`, 'latin1'),
      code: 'binary',
      message: /offset 9005/,
    },
    {
      what: 'UTF-8 with a broken byte',
      filename: 'a.txt',
      content: Buffer.concat([bytes('Grüße '), Buffer.from([0xe2, 0x82]), bytes(' aus Köln')]),
      code: 'not_utf8',
      message: /UTF-8 text but for byte 0xe2 at offset 8\. Mend it/,
    },
    {
      what: 'Latin-1 with UTF-8 mixed in',
      filename: 'a.log',
      content: Buffer.concat([Buffer.from('Gr\xfc\xdfe aus K\xf6ln\n', 'latin1'), bytes('Größe\n')]),
      code: 'not_utf8',
      message: /byte 0xfc at offset 2/,
    },
    {
      what: 'half a UTF-16 pair',
      filename: 'a.txt',
      content: Uint8Array.of(0xff, 0xfe, 0x00, 0xd8),
      code: 'not_utf8',
      message: /UTF-16/,
    },
    {
      what: 'an image by its bytes',
      filename: 'a.txt',
      content: Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d),
      code: 'unsupported_type',
      message: /an image/,
    },
    {
      what: 'text named like a Word document',
      filename: 'a.docx',
      content: bytes('x'),
      code: 'wrong_type',
      message: /"a.docx" is named like a Word document, but/,
    },
    {
      what: 'text named like a PDF',
      filename: 'a.pdf',
      content: bytes('x'),
      code: 'wrong_type',
      message: /named like a PDF/,
    },
    {
      what: 'an Office document with a password',
      filename: 'a.xlsx',
      content: Buffer.concat([oleSignature, Buffer.alloc(600), Buffer.from('EncryptedPackage', 'utf16le')]),
      code: 'encrypted_document',
      message: /"a.xlsx" is protected by a password/,
    },
    {
      what: 'an old Office document',
      filename: 'a.doc',
      content: Buffer.concat([oleSignature, Buffer.alloc(600)]),
      code: 'unsupported_type',
      message: /an old Office document.*docx/,
    },
    {
      what: 'rich text named like plain text, which its commands would be read as',
      filename: 'a.txt',
      content: bytes('{\\rtf1\\ansi Hello.\\par}'),
      code: 'unsupported_type',
      message: /a rich text file \(RTF\), whatever its name says, .* Save it as \.docx or PDF/,
    },
    {
      what: 'a program named like text',
      filename: 'a.txt',
      content: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46),
      code: 'unsupported_type',
      message: /a program, whatever its name says/,
    },
    {
      what: 'an archive',
      filename: 'a.gz',
      content: Uint8Array.of(0x1f, 0x8b),
      code: 'unsupported_type',
      message: /archive.*Unpack/,
    },
    {
      what: 'a damaged PDF',
      filename: 'a.pdf',
      content: bytes('%PDF-1.7\nnothing of it'),
      code: 'damaged_pdf',
      message: /cannot be read/,
    },
    {
      what: 'an HTML page without text',
      filename: 'a.html',
      content: bytes('<script>x</script>'),
      code: 'no_text',
      message: /no readable text/,
    },
  ])('refuses $what with its reason', async ({ filename, content, code, message }) => {
    const refusal = await parseFile({ filename, bytes: content }).catch((thrown: unknown) => thrown)
    expect(refusal).toBeInstanceOf(FileRefusal)
    expect(refusal).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('refuses 200 MB by the size alone', () => {
    expect(() => checkFileSize(200 * 1_048_576)).toThrow(
      expect.objectContaining({ code: 'too_large', message: expect.stringContaining('200 MiB') }),
    )
    expect(() => checkFileSize(knowledgeLimits.fileBytesMax)).not.toThrow()
  })
})

describe('a PDF', () => {
  it('becomes text with the place of every page', async () => {
    const parsed = await parseFile({
      filename: 'a.pdf',
      bytes: await makePdf(['First page. It ends here.', 'Second page: Zürich.', 'Third.']),
    })
    expect(parsed.kind).toBe('pdf')
    const pages = (parsed.pages ?? []).map((start, page, all) =>
      sliceCodePoints(parsed.text, start, all[page + 1] ?? parsed.text.length).trim(),
    )
    expect(pages).toEqual(['First page. It ends here.', 'Second page: Zürich.', 'Third.'])
  })

  it('joins words cut at the end of a line and parts paragraphs', async () => {
    const parsed = await parseFile({
      filename: 'a.pdf',
      bytes: await makePdf(['The experi-\nment went well.\n\n\nNext paragraph.']),
    })
    expect(parsed.text).toBe('The experiment went well.\n\nNext paragraph.')
  })

  it('has short leaders between a title and its page', async () => {
    const parsed = await parseFile({ filename: 'a.pdf', bytes: await makePdf(['5.9 Orphaning . . . . . . . . . . . . . 44']) })
    expect(parsed.text).toBe('5.9 Orphaning ..... 44')
  })

  it('is refused when it needs a password, and read when it does not', async () => {
    const locked = parseFile({ filename: 'a.pdf', bytes: await makePdf(['Secret.'], { userPassword: 'x' }) })
    await expect(locked).rejects.toMatchObject({ code: 'encrypted_pdf' })
    const open = await parseFile({ filename: 'a.pdf', bytes: await makePdf(['Free.'], { ownerPassword: 'x' }) })
    expect(open.text).toBe('Free.')
  })

  it('is refused when it has no text', async () => {
    await expect(parseFile({ filename: 'a.pdf', bytes: await makePdf(['']) })).rejects.toMatchObject({ code: 'no_text' })
  })

  it('is refused when it was cut off', async () => {
    const whole = await makePdf(['Some text.'])
    await expect(parseFile({ filename: 'a.pdf', bytes: whole.slice(0, 400) })).rejects.toMatchObject({ code: 'damaged_pdf' })
  })
})

describe('decodeText', () => {
  it('finds the first byte that is not UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (content) => {
        const offset = compareWithUtf8(content).firstStray
        const decodes = (part: Uint8Array) => {
          try {
            new TextDecoder('utf-8', { fatal: true }).decode(part)
            return true
          } catch {
            return false
          }
        }
        expect(offset === -1).toBe(decodes(content))
        if (offset !== -1) expect(decodes(content.subarray(0, offset))).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('answers text that Postgres can store', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (text) => {
        fc.pre(text.isWellFormed() && text.trim() !== '' && !text.includes('\u0000') && !text.startsWith('\ufeff'))
        expect(await decodeText(bytes(text))).toBe(text)
      }),
    )
  })
})
