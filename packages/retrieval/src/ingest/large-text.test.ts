import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { openLargeText } from './large-text.ts'

const chunking = { type: 'auto' } as const
const mebibyte = 1_048_576

afterEach(() => {
  jest.restoreAllMocks()
})

function open(content: string | Buffer, filename = 'a.txt') {
  return openLargeText({ file: { filename, bytes: new Uint8Array(Buffer.from(content)) }, chunking })
}

describe('openLargeText', () => {
  it.each([
    ['paragraphs', `${'The keeper lights the lamp 😀 each evening. '.repeat(9)}\n\n`.repeat(24_000)],
    ['one line of characters of three and four bytes', '灯台守は毎晩😀'.repeat(400_000)],
  ])(
    'cuts at the exact places of the text, and all of it, without ever decoding more than a few megabytes: %s',
    async (_, text) => {
      const decode = jest.spyOn(TextDecoder.prototype, 'decode')
      const large = await open(`\ufeff${text}`)
      const chunks = [...(large?.chunks ?? [])]
      const decoded = decode.mock.calls.map(([bytes]) => bytes?.byteLength ?? 0)
      expect(Math.max(...decoded)).toBeLessThan(7 * mebibyte)
      decode.mockRestore()
      const pieces = [...(large?.pieces ?? [])].map((piece) => new TextDecoder('utf-8', { fatal: true }).decode(piece))
      expect(pieces.join('') === text).toBe(true)
      expect(large?.textBytes).toBe(Buffer.byteLength(text))
      const characters = [...text]
      let covered = 0
      const wrong = chunks.filter(({ ordinal, start, end, text: own }, index) => {
        const gap = characters.slice(covered, Math.max(covered, start)).join('').trim()
        covered = end
        return ordinal !== index || gap !== '' || characters.slice(start, end).join('') !== own
      })
      expect([wrong, characters.slice(covered).join('').trim()]).toEqual([[], ''])
      expect(chunks.length).toBeGreaterThan(5_000)
    },
  )

  it.each<[string, Buffer, string]>([
    ['Windows-1252', Buffer.from('Gr\xf6\xdfe f\xfcr \x80 5\n'.repeat(600_000), 'latin1'), 'Größe für € 5\n'.repeat(600_000)],
    [
      'Shift_JIS',
      Buffer.from('\x83T\x81[\x83o\x81[\x82\xf0\x8d\xc4\x8bN\x93\xae'.repeat(530_000), 'latin1'),
      'サーバーを再起動'.repeat(530_000),
    ],
  ])('reads %s as it reads UTF-8, a megabyte decoded at a time', async (_, content, text) => {
    const decode = jest.spyOn(TextDecoder.prototype, 'decode')
    const large = await open(content)
    expect(Math.max(...decode.mock.calls.map(([bytes]) => bytes?.byteLength ?? 0))).toBeLessThanOrEqual(mebibyte)
    decode.mockRestore()
    const pieces = [...(large?.pieces ?? [])].map((piece) => Buffer.from(piece).toString())
    expect(pieces.join('') === text).toBe(true)
    expect(large?.textBytes).toBe(Buffer.byteLength(text))
  })

  it('leaves to others what is small, has headings or rows, or is no text', async () => {
    const large = 'A sentence of some words. '.repeat(400_000)
    expect(await open(large)).toMatchObject({ kind: 'text' })
    expect(await open('A sentence.')).toBeUndefined()
    expect(await open(large, 'a.md')).toBeUndefined()
    expect(await open(large, 'a.csv')).toBeUndefined()
    expect(await open(Buffer.concat([Buffer.from(`${large}Größe`), Buffer.from([0xff])]))).toBeUndefined()
    expect(await open(`${large}\u0000`)).toBeUndefined()
    expect(await open(' '.repeat(9 * mebibyte))).toBeUndefined()
    expect(await open(Buffer.from(`\ufeff${large}`, 'utf16le'))).toBeUndefined()
  })
})
