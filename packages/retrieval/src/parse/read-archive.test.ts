import { describe, expect, it } from '@jest/globals'
import { strToU8, zipSync } from 'fflate'
import { parseFile } from './parse-file.ts'
import { archiveLimits } from './read-archive.ts'

describe('a zip file', () => {
  it('is refused for what it is, whatever its name says', async () => {
    const archive = zipSync({ 'a.txt': strToU8('text') })
    await expect(read('notes.zip', archive)).rejects.toMatchObject({
      code: 'unsupported_type',
      message: '"notes.zip" is an archive, which is not read. Unpack it and add the files inside.',
    })
    await expect(read('notes.txt', archive)).rejects.toMatchObject({
      code: 'unsupported_type',
      message: expect.stringContaining('whatever its name says'),
    })
    const openDocument = zipSync({ 'META-INF/manifest.xml': strToU8('<m/>'), 'content.xml': strToU8('<c/>') })
    await expect(read('a.docx', openDocument)).rejects.toMatchObject({
      message: expect.stringMatching(/OpenDocument.*docx/),
    })
  })

  it('is read as the document it is, whatever its name says', async () => {
    expect(await read('notes.txt', word('<w:t>Hello.</w:t>'))).toEqual({ text: 'Hello.', kind: 'docx' })
  })

  it('is refused when it was cut off, when bits turned, and when a part is missing', async () => {
    const whole = word(`<w:t>${'Text that does not repeat: 0123456789. '.repeat(3)}</w:t>`)
    await expect(read('a.docx', whole.slice(0, whole.length - 30))).rejects.toMatchObject({ code: 'damaged_document' })
    const turned = zipSync(parts('<w:t>Plain</w:t>'), { level: 0 })
    turned[Buffer.from(turned).indexOf('Plain')] = 'B'.charCodeAt(0)
    await expect(read('a.docx', turned)).rejects.toMatchObject({ code: 'damaged_document', message: /checksum/ })
    const { 'word/document.xml': _, ...rest } = parts('')
    await expect(read('a.docx', zipSync(rest))).rejects.toMatchObject({ code: 'damaged_document' })
  })

  it('is refused when a part of it is encrypted', async () => {
    const bytes = word('<w:t>Secret</w:t>')
    // Bit 0 of the flags, which lie 8 bytes into each header of the directory (APPNOTE 4.4.4).
    for (const at of directoryEntries(bytes)) bytes[at + 8] = 1
    await expect(read('a.docx', bytes)).rejects.toMatchObject({ code: 'encrypted_document' })
  })
})

describe('a zip bomb', () => {
  it('is refused by how much it unpacks to, before it is unpacked', async () => {
    const bytes = word(`<w:t>${'a'.repeat(archiveLimits.ratioFreeBytes + 1)}</w:t>`)
    expect(bytes.length).toBeLessThan(20_000)
    await expect(read('a.docx', bytes)).rejects.toMatchObject({ code: 'zip_bomb', message: /250 times/ })
  })

  it('is refused when it lies about its size', async () => {
    const bytes = word(`<w:t>${'a'.repeat(archiveLimits.ratioFreeBytes * 4)}</w:t>`)
    const view = new DataView(bytes.buffer)
    for (const at of directoryEntries(bytes)) {
      if (view.getUint32(at + 24, true) > archiveLimits.ratioFreeBytes) view.setUint32(at + 24, 1_000, true)
    }
    await expect(read('a.docx', bytes)).rejects.toMatchObject({ code: 'damaged_document' })
  })

  it('is refused when it has too many parts', async () => {
    const many = Object.fromEntries(Array.from({ length: archiveLimits.partsMax + 1 }, (_, n) => [String(n), new Uint8Array()]))
    await expect(read('a.docx', zipSync(many, { level: 0 }))).rejects.toMatchObject({ code: 'zip_bomb', message: /parts/ })
  })
})

function read(filename: string, bytes: Uint8Array) {
  return parseFile({ filename, bytes })
}

/** Where the headers of the zip file's directory begin. */
function directoryEntries(bytes: Uint8Array): number[] {
  const parts = Buffer.from(bytes).toString('latin1').split('PK\u0001\u0002').slice(0, -1)
  let at = -4
  return parts.map((part) => {
    at += 4 + part.length
    return at
  })
}

function word(run: string): Uint8Array {
  return zipSync(parts(run))
}

/** The least a Word document has. */
function parts(run: string): Record<string, Uint8Array> {
  const types = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'
  return {
    '[Content_Types].xml': strToU8(`<Types><Override PartName="/word/document.xml" ContentType="${types}"/></Types>`),
    '_rels/.rels': strToU8(
      '<Relationships><Relationship Id="1" Type="x/officeDocument" Target="word/document.xml"/></Relationships>',
    ),
    'word/document.xml': strToU8(`<w:document xmlns:w="x"><w:body><w:p><w:r>${run}</w:r></w:p></w:body></w:document>`),
  }
}
