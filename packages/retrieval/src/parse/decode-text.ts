import { isUtf8 } from 'node:buffer'
import { FileRefusal } from './file-refusal.ts'
import { type LegacyEncoding, legacyEncodingOf } from './legacy-encoding.ts'

/**
 * Decodes the bytes of a file as UTF-8, as UTF-16 when they begin with its byte order mark, or else in the legacy encoding that they are most likely in
 * ({@link legacyEncodingOf}). A byte order mark is removed. Throws FileRefusal `empty`, `binary` or `not_utf8`; the last two name the offset of the first wrong
 * byte. The text can be stored as it is: it has no NUL and no lone surrogate.
 */
export async function decodeText(bytes: Uint8Array): Promise<string> {
  if (bytes.length === 0) throw new FileRefusal('empty', 'The file is empty.')
  const utf16 = utf16Of(bytes)
  const text = utf16 === undefined ? await decodeBytes(bytes) : decodeUtf16(bytes, utf16)
  if (text.trim() === '') throw new FileRefusal('empty', 'The file holds nothing but white space.')
  return text
}

/** Decodes a web page, which may name its encoding in its head. A page that is valid UTF-8 is read as that, whatever it names. */
export async function decodeHtml(bytes: Uint8Array): Promise<string> {
  const named = encodingNamed(bytes)
  if (named === undefined || isUtf8(bytes)) return decodeText(bytes)
  try {
    return new TextDecoder(named, { fatal: true }).decode(bytes).replaceAll('\0', '')
  } catch {
    return decodeText(bytes)
  }
}

/** The encoding of bytes that are neither UTF-8 nor UTF-16. Throws FileRefusal `binary` or `not_utf8`. */
export async function legacyEncodingOfText(bytes: Uint8Array): Promise<LegacyEncoding> {
  const nul = bytes.indexOf(0)
  if (nul !== -1) throw binaryAt(nul)
  const control = firstControlByte(bytes.subarray(0, sniffedBytes))
  if (control !== -1) throw binaryAt(control)
  const damage = compareWithUtf8(bytes)
  if (damage.characters > damage.strayBytes) throw damagedUtf8(bytes, damage.firstStray)
  const later = firstControlByte(bytes)
  if (later !== -1) throw binaryAt(later)
  const encoding = await legacyEncodingOf(bytes)
  if (encoding === undefined) throw notText(bytes, damage.firstStray)
  const isMixed = latinEncodings.has(encoding) && damage.characters * latinPerUtf8 > damage.strayBytes
  if (isMixed) throw damagedUtf8(bytes, damage.firstStray)
  return encoding
}

/** How far a page is searched for its encoding: somewhat farther than where HTML requires it (4.2.5.4). */
const headBytes = 4_096

function encodingNamed(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, headBytes))
  return /<(?:meta\b|\?xml\b)[^>]{0,300}?(?:charset|encoding)\s{0,5}=\s{0,5}["']?([\w.:-]{2,40})/i.exec(head)?.[1]
}

async function decodeBytes(bytes: Uint8Array): Promise<string> {
  const encoding = isUtf8(bytes) && !bytes.includes(0) ? 'utf-8' : await legacyEncodingOfText(bytes)
  return new TextDecoder(encoding, { fatal: true }).decode(bytes)
}

/**
 * In text of these encodings, two bytes hardly ever look like a character of UTF-8 ("Ã¼"), so when some do, UTF-8 was mixed in. In text of other encodings they do
 * by chance: in short Chinese text, up to once for each byte that does not.
 */
const latinEncodings = new Set<LegacyEncoding>(['windows-1252', 'windows-1250', 'windows-1254', 'iso-8859-2'])
const latinPerUtf8 = 4

function damagedUtf8(bytes: Uint8Array, offset: number): FileRefusal {
  return new FileRefusal(
    'not_utf8',
    `The file is UTF-8 text but for ${byteAt(bytes, offset)}. Mend it, or save it as UTF-8, and add it again.`,
  )
}

function notText(bytes: Uint8Array, offset: number): FileRefusal {
  return new FileRefusal(
    'not_utf8',
    `The file is not UTF-8 text (${byteAt(bytes, offset)}), nor text in any other encoding that is read. Save it as UTF-8 and add it again.`,
  )
}

function byteAt(bytes: Uint8Array, offset: number): string {
  return `byte 0x${(bytes[offset] ?? 0).toString(16).padStart(2, '0')} at offset ${offset}`
}

/** Which UTF-16 the bytes are in, by their byte order mark; undefined without one. */
export function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (startsWith(bytes, [0xff, 0xfe])) return 'utf-16le'
  return startsWith(bytes, [0xfe, 0xff]) ? 'utf-16be' : undefined
}

function decodeUtf16(bytes: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): string {
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new FileRefusal('not_utf8', 'The file begins like UTF-16 text but is not valid. Save it as UTF-8 and add it again.', {
      cause,
    })
  }
  const nul = text.indexOf('\u0000')
  if (nul !== -1) throw binaryAt(2 + nul * 2)
  return text
}

/** Binary formats have control characters in their first bytes. There, these say more than bytes further on that look like UTF-8. */
const sniffedBytes = 8_192

function firstControlByte(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte < 0x20 && !(byte >= 0x07 && byte <= 0x0d) && byte !== 0x1b) return at
  }
  return -1
}

function binaryAt(offset: number): FileRefusal {
  return new FileRefusal('binary', `The file is binary, not text: see the byte at offset ${offset}.`)
}

export function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte)
}

/**
 * Counts, among bytes beyond ASCII, the valid characters of UTF-8 (Unicode 16, table 3-7) and the bytes that begin none. `firstStray` is the offset of the first of the
 * latter, or -1.
 */
export function compareWithUtf8(bytes: Uint8Array): { characters: number; strayBytes: number; firstStray: number } {
  const found = { characters: 0, strayBytes: 0, firstStray: -1 }
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    if (length > 1) found.characters++
    if (length === 0) {
      if (found.strayBytes === 0) found.firstStray = at
      found.strayBytes++
    }
    at += Math.max(length, 1)
  }
  return found
}

function sequenceLength(bytes: Uint8Array, at: number): 0 | 1 | 2 | 3 | 4 {
  const lead = bytes[at] ?? 0
  if (lead < 0x80) return 1
  const second = bytes[at + 1] ?? 0
  if (lead >= 0xc2 && lead <= 0xdf) return isTrail(second) ? 2 : 0
  const [low, high] = secondByteRange(lead)
  if (second < low || second > high || !isTrail(bytes[at + 2] ?? 0)) return 0
  if (lead >= 0xe0 && lead <= 0xef) return 3
  if (lead >= 0xf0 && lead <= 0xf4) return isTrail(bytes[at + 3] ?? 0) ? 4 : 0
  return 0
}

function secondByteRange(lead: number): [low: number, high: number] {
  if (lead === 0xe0) return [0xa0, 0xbf]
  if (lead === 0xed) return [0x80, 0x9f]
  if (lead === 0xf0) return [0x90, 0xbf]
  if (lead === 0xf4) return [0x80, 0x8f]
  return [0x80, 0xbf]
}

function isTrail(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf
}
