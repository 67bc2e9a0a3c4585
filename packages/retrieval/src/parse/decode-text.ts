import { FileRefusal } from './file-refusal.ts'

/**
 * The text of a file's bytes: UTF-8 (a byte order mark is taken off) or UTF-16 with its byte order mark. Throws FileRefusal `empty`,
 * `binary` or `not_utf8`, the last two naming the offset of the first offending byte. What is returned can be stored as it is:
 * it holds no NUL and no lone surrogate.
 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new FileRefusal('empty', 'The file is empty.')
  const text = startsWith(bytes, [0xff, 0xfe])
    ? decodeUtf16(bytes, 'utf-16le')
    : startsWith(bytes, [0xfe, 0xff])
      ? decodeUtf16(bytes, 'utf-16be')
      : decodeUtf8(bytes)
  if (text.trim() === '') throw new FileRefusal('empty', 'The file holds nothing but white space.')
  return text
}

/** The same of a web page, which may name another encoding in its head; one that is UTF-8 all the same is read as that. */
export function decodeHtml(bytes: Uint8Array): string {
  const named = encodingNamed(bytes)
  if (named === undefined || firstInvalidUtf8(bytes) === -1) return decodeText(bytes)
  try {
    return new TextDecoder(named, { fatal: true }).decode(bytes).replaceAll('\0', '')
  } catch {
    return decodeText(bytes)
  }
}

/** Where a page has to name its encoding (HTML, 4.2.5.4), and somewhat beyond. */
const headBytes = 4_096

function encodingNamed(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, headBytes))
  return /<(?:meta\b|\?xml\b)[^>]{0,300}?(?:charset|encoding)\s{0,5}=\s{0,5}["']?([\w.:-]{2,40})/i.exec(head)?.[1]
}

function decodeUtf8(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0)
  if (nul !== -1) throw binaryAt(nul)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const offset = firstInvalidUtf8(bytes)
    const control = firstControlByte(bytes.subarray(0, sniffedBytes))
    if (control !== -1) throw binaryAt(control)
    const byte = (bytes[offset] ?? 0).toString(16).padStart(2, '0')
    throw new FileRefusal(
      'not_utf8',
      `The file is not UTF-8 text: byte 0x${byte} at offset ${offset}. Save it as UTF-8 and add it again.`,
      {
        cause,
      },
    )
  }
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

/** Only the beginning decides between "binary" and "wrong encoding": it is where formats have their signatures. */
const sniffedBytes = 8_192

function firstControlByte(bytes: Uint8Array): number {
  return bytes.findIndex((byte) => byte < 0x20 && !(byte >= 0x07 && byte <= 0x0d) && byte !== 0x1b)
}

function binaryAt(offset: number): FileRefusal {
  return new FileRefusal('binary', `The file is binary, not text: see the byte at offset ${offset}.`)
}

export function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte)
}

/** Offset of the first byte that begins no well-formed UTF-8 sequence (Unicode 16, table 3-7), or -1. */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length === 0) return at
    at += length
  }
  return -1
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
