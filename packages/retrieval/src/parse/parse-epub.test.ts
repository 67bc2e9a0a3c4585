import { describe, expect, it } from '@jest/globals'
import { strToU8, zipSync } from 'fflate'
import { sliceCodePoints } from '../text/code-points.ts'
import { parseFile } from './parse-file.ts'

describe('an e-book', () => {
  it('is read in the order of its spine, a chapter a page, named by itself or by the table of contents', async () => {
    const {
      text,
      kind,
      pages = [],
    } = await read(
      book({
        'b.xhtml': chapter('<h1>Ebb 😀</h1><p>Water falls&nbsp;back.</p>'),
        'a b.xhtml': chapter('<p><a id="x"/>Water rises.</p><ul><li>twice</li></ul>'),
      }),
    )
    expect(kind).toBe('epub')
    expect(text).toBe('# The Book\n\nA. Writer\n\n# Ebb 😀\n\nWater falls back.\n\n# Flood\n\nWater rises.\n\n- twice')
    expect(pages.map((start) => sliceCodePoints(text, start, start + 7))).toEqual(['# The B', '# Flood'])
  })

  it('is refused under copy protection, not for garbled fonts', async () => {
    const hides = (uri: string) =>
      `<encryption><EncryptedData><CipherData><CipherReference URI="${uri}"/></CipherData></EncryptedData></encryption>`
    const chapters = { 'b.xhtml': chapter('<p>b</p>'), 'a b.xhtml': chapter('<p>a</p>') }
    const open = book({ ...chapters, '../META-INF/encryption.xml': hides('OPS/font.otf') })
    expect((await read(open)).text).toContain('Flood')
    const closed = book({ ...chapters, '../META-INF/encryption.xml': hides('OPS/a%20b.xhtml') })
    await expect(read(closed)).rejects.toMatchObject({ code: 'encrypted_document', message: expect.stringMatching(/copy/) })
  })

  it('is refused when its chapters are missing, or empty', async () => {
    await expect(read(book({}))).rejects.toMatchObject({ code: 'damaged_document' })
    await expect(read(book({ 'b.xhtml': chapter('') }))).rejects.toMatchObject({ code: 'no_text' })
  })
})

function chapter(body: string): string {
  return `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>${body}</body></html>`
}

/** A book whose package lies in the folder OPS, with two chapters in its spine. */
function book(files: Record<string, string>): Uint8Array {
  const parts: Record<string, string> = {
    mimetype: 'application/epub+zip',
    'META-INF/container.xml': '<container><rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></container>',
    'OPS/p.opf': `<package xmlns:dc="x"><metadata><dc:title>The Book</dc:title><dc:creator>A. Writer</dc:creator></metadata><manifest>
      <item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
      <item id="1" href="a%20b.xhtml" media-type="application/xhtml+xml"/>
      <item id="2" href="b.xhtml" media-type="application/xhtml+xml"/>
      </manifest><spine><itemref idref="2"/><itemref idref="1"/></spine></package>`,
    'OPS/toc.ncx':
      '<ncx><navMap><navPoint><navLabel><text>Flood</text></navLabel><content src="a%20b.xhtml#x"/></navPoint></navMap></ncx>',
  }
  for (const [name, text] of Object.entries(files)) parts[`OPS/${name}`.replace('OPS/../', '')] = text
  return zipSync(Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, strToU8(text)])))
}

function read(bytes: Uint8Array) {
  return parseFile({ filename: 'a.epub', bytes })
}
