import { TextDecoder } from 'node:util'
import { crc32 } from 'node:zlib'
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl'
import { utf16Of } from './decode-text.ts'
import { FileRefusal } from './file-refusal.ts'

/**
 * Limits against zip bombs. `partsMax` still allows a workbook with a picture in each of 10,000 cells. `unpackedBytesMax` is for all parts that are read of a document
 * together. `ratioMax` is between the parts of Office documents, which stay below 100 : 1, and zeros, which reach 1,030 : 1; parts smaller than `ratioFreeBytes` do
 * no harm.
 */
export const archiveLimits = {
  partsMax: 30_000,
  unpackedBytesMax: 1_073_741_824,
  ratioMax: 250,
  ratioFreeBytes: 8_388_608,
} as const

/** The parts of a zip file. They are unpacked one at a time, and never as a whole. The case of names does not matter, as OPC requires. */
export type Archive = {
  names: string[]
  has(name: string): boolean
  /** The text of a part, piece by piece. Throws FileRefusal `damaged_document`, `encrypted_document` or `zip_bomb`. */
  read(name: string): AsyncGenerator<string>
}

export async function openArchive(bytes: Uint8Array): Promise<Archive> {
  const { zip, entries } = await listEntries(bytes)
  let unpackedBytes = 0
  function count(added: number): void {
    unpackedBytes += added
    if (unpackedBytes > archiveLimits.unpackedBytesMax) throw bomb('more than 1 GiB')
  }
  return {
    names: [...entries.values()].map((entry) => entry.fileName),
    has: (name) => entries.has(name.toLowerCase()),
    async *read(name) {
      const entry = entries.get(name.toLowerCase())
      if (entry === undefined) throw damaged(`its part "${name}" is missing`)
      yield* decodePieces(unpack(zip, entry, count))
    },
  }
}

async function listEntries(bytes: Uint8Array): Promise<{ zip: ZipFile; entries: Map<string, Entry> }> {
  const entries = new Map<string, Entry>()
  try {
    const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (zip.entryCount > archiveLimits.partsMax) throw bomb(`${zip.entryCount} parts, at most ${archiveLimits.partsMax} are read`)
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName.toLowerCase(), entry)
    return { zip, entries }
  } catch (cause) {
    throw refusalOf(cause)
  }
}

async function* unpack(zip: ZipFile, entry: Entry, count: (added: number) => void): AsyncGenerator<Uint8Array> {
  if (entry.isEncrypted()) throw encrypted()
  checkRatio(entry, entry.uncompressedSize)
  let unpacked = 0
  let checksum = 0
  try {
    for await (const piece of await zip.openReadStreamPromise(entry)) {
      unpacked += piece.length
      count(piece.length)
      checkRatio(entry, unpacked)
      checksum = crc32(piece, checksum)
      yield piece
    }
  } catch (cause) {
    throw refusalOf(cause)
  }
  if (checksum !== entry.crc32) throw damaged(`the checksum of its part "${entry.fileName}" is wrong`)
}

function checkRatio({ compressedSize, fileName }: Entry, unpacked: number): void {
  if (unpacked > archiveLimits.ratioFreeBytes && unpacked > compressedSize * archiveLimits.ratioMax)
    throw bomb(`"${fileName}" to more than ${archiveLimits.ratioMax} times its size`)
}

/** Decodes XML or XHTML, which is UTF-8, or UTF-16 with a byte order mark. */
async function* decodePieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined
  for await (const piece of pieces) {
    decoder ??= new TextDecoder(utf16Of(piece) ?? 'utf-8')
    yield decoder.decode(piece, { stream: true })
  }
  if (decoder !== undefined) yield decoder.decode()
}

export function damaged(why: string, cause?: unknown): FileRefusal {
  return new FileRefusal(
    'damaged_document',
    `The document is damaged: ${why.replace(/\.+$/, '')}. Save it anew and add it again.`,
    { cause },
  )
}

export function encrypted(): FileRefusal {
  return new FileRefusal('encrypted_document', 'The document is protected by a password. Save it without one and add it again.')
}

function bomb(what: string): FileRefusal {
  return new FileRefusal('zip_bomb', `The document unpacks to far more than a document needs: ${what}. It was not read.`)
}

function refusalOf(thrown: unknown): unknown {
  if (thrown instanceof FileRefusal || !(thrown instanceof Error)) return thrown
  if (/encrypt/i.test(thrown.message)) return encrypted()
  return damaged(thrown.message, thrown)
}
