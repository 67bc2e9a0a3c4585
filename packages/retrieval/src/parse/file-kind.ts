import { startsWith } from './decode-text.ts'
import { FileRefusal } from './file-refusal.ts'

/** The kinds that are known by a file's first bytes, whatever its name is. */
const signedKinds = ['pdf', 'docx', 'xlsx', 'pptx', 'epub', 'image'] as const

/** How a file's text is read and cut. The kind is stored with the text, so that the text can be cut again without the file. */
export const fileKinds = ['text', 'markdown', 'html', 'code', 'data', 'table', 'notebook', 'mail', ...signedKinds] as const
export type FileKind = (typeof fileKinds)[number]
type TextKind = Exclude<FileKind, (typeof signedKinds)[number]>

/** How a file is read: as a text of some kind, or as one of three binary formats. Whether a zip file is a document shows when it is opened. */
export type FileFormat = TextKind | 'pdf' | 'zip' | 'image'

/**
 * The format of a file, by its first bytes or else by the extension of its name; plain text when neither says anything. Throws FileRefusal: `unsupported_type` for a
 * known format that is not read, `wrong_type` for bytes that are not in the format that the name says, and `encrypted_document`.
 */
export function fileFormatOf(filename: string, bytes: Uint8Array): FileFormat {
  if (startsWith(bytes, pdfSignature)) return 'pdf'
  if (zipSignatures.some((signature) => startsWith(bytes, signature))) return 'zip'
  if (imageTypeOf(bytes) !== undefined) return 'image'
  if (startsWith(bytes, oleSignature)) throw refusedOle(filename, bytes)
  const format = signatures.find(([, signature]) => startsWith(bytes, signature))?.[0]
  if (format !== undefined) throw unreadFormat(filename, format)
  const promised = signedExtensions.get(extensionOf(filename))
  if (promised !== undefined) throw wrongType(filename, promised)
  const unread = unreadExtensions.get(extensionOf(filename))
  if (unread !== undefined) throw unreadFormat(filename, unread)
  return kindOfName(filename)
}

/** The kinds that a file of this name may have. A stored text of another kind cannot be used for it, although the bytes are equal. */
export function kindsOfName(filename: string): FileKind[] {
  return isTextName(filename) ? [...signedKinds, kindOfName(filename)] : [...signedKinds]
}

/** The media type of an image that a vision model can be shown; undefined for all other bytes. */
export function imageTypeOf(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, ascii('RIFF')) && startsWith(bytes.subarray(8), ascii('WEBP'))) return 'image/webp'
  return imageSignatures.find(([, signature]) => startsWith(bytes, signature))?.[0]
}

/** The refusal of a format that is known but not read. */
export function unreadFormat(filename: string, format: string): FileRefusal {
  const contradiction = isTextName(filename) && extensionOf(filename) !== '' ? ', whatever its name says' : ''
  const advice = format in advices ? ` ${advices[format]}` : ''
  return new FileRefusal('unsupported_type', `"${filename}" is ${format}${contradiction}, which is not read.${advice}`)
}

function wrongType(filename: string, promised: string): FileRefusal {
  const message = `"${filename}" is named like ${promised}, but its content is none. Give it the name of what it is, or save it anew.`
  return new FileRefusal('wrong_type', message)
}

/** The stream in which Office keeps a document with a password, within its old container format ([MS-OFFCRYPTO] 2.3.4.4). */
const encryptedStream = Buffer.from('EncryptedPackage', 'utf16le')

function refusedOle(filename: string, bytes: Uint8Array): FileRefusal {
  const isEncrypted = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(encryptedStream)
  if (!isEncrypted) return unreadFormat(filename, 'an old Office document')
  const message = `"${filename}" is protected by a password. Save it without one and add it again.`
  return new FileRefusal('encrypted_document', message)
}

function isTextName(filename: string): boolean {
  const extension = extensionOf(filename)
  return !unreadExtensions.has(extension) && !signedExtensions.has(extension)
}

function kindOfName(filename: string): TextKind {
  return kindByExtension.get(extensionOf(filename)) ?? kindByName.get(baseName(filename).toLowerCase()) ?? 'text'
}

/** The extension of a name, in lower case and without the dot; empty when it has none. */
function extensionOf(filename: string): string {
  const name = baseName(filename)
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase()
}

export function baseName(filename: string): string {
  return filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1)
}

const pdfSignature = ascii('%PDF-')
const zipSignatures = [ascii('PK\u0003\u0004'), ascii('PK\u0005\u0006')]
const oleSignature = [0xd0, 0xcf, 0x11, 0xe0]

const imageSignatures: [mediaType: string, signature: readonly number[]][] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', ascii('GIF8')],
]

/** The first bytes of formats that people have in their folders (from the magic database of file(1)). */
const signatures: [format: string, signature: readonly number[]][] = [
  ['an archive', [0x1f, 0x8b]],
  ['an archive', [0x37, 0x7a, 0xbc, 0xaf]],
  ['an archive', [0x28, 0xb5, 0x2f, 0xfd]],
  ['a program', [0x7f, 0x45, 0x4c, 0x46]],
  ['a SQLite database', ascii('SQLite format 3')],
  ['a rich text file (RTF)', ascii('{\\rtf')],
]

const saveAsOffice = 'Save it as .docx, .xlsx, .pptx or PDF and add that.'
const advices: Record<string, string> = {
  'an old Office document': saveAsOffice,
  'an OpenDocument file': saveAsOffice,
  'a rich text file (RTF)': 'Save it as .docx or PDF and add that.',
  'an Office document of a rare kind': saveAsOffice,
  'an archive': 'Unpack it and add the files inside.',
  'an image': 'Set WEFT_VISION_MODEL to a model that sees images, and add it again; or add its text.',
}

const unreadExtensions = byExtension({
  'an OpenDocument file': 'odt ods odp',
  'an old Office document': 'doc xls ppt',
  'a rich text file (RTF)': 'rtf',
  'an Office document of a rare kind': 'pages numbers key xlsb',
  'an archive': 'zip gz tgz bz2 xz zst 7z rar tar jar war whl',
  'an image of a rare kind': 'bmp tif tiff ico heic avif psd',
  'sound or video': 'mp3 wav flac ogg m4a mp4 mov avi mkv webm',
  'a program or library': 'exe dll so dylib a o obj class pyc wasm bin',
  'a font': 'ttf otf woff woff2',
  'an e-book of a rare kind': 'mobi azw azw3',
})

/** The extensions of formats that must show in a file's first bytes. */
const signedExtensions = byExtension({
  'a PDF': 'pdf',
  'a Word document': 'docx docm dotx dotm',
  'a workbook': 'xlsx xlsm xltx xltm',
  'a presentation': 'pptx pptm ppsx ppsm potx potm',
  'an e-book': 'epub',
  'an image': 'png jpg jpeg gif webp',
})

const kindByExtension = byExtension<TextKind>({
  markdown: 'md markdown mdown mdx mkd qmd rmd',
  html: 'html htm xhtml',
  text: 'txt text rst adoc asciidoc org tex srt vtt',
  table: 'csv tsv',
  notebook: 'ipynb',
  mail: 'eml',
  data: 'json jsonl ndjson json5 yaml yml toml ini cfg conf log properties env xml lock geojson',
  code:
    'ts tsx mts cts js jsx mjs cjs py pyi go rs java kt kts scala c h cc cpp cxx hpp hh cs fs fsx vb swift m mm rb php pl pm lua r jl dart ' +
    'ex exs erl hrl hs ml mli clj cljs lisp el scm groovy gradle sh bash zsh fish ps1 bat sql graphql gql proto thrift tf hcl nix zig nim v ' +
    'vue svelte css scss sass less cmake mk asm s pas f90 f95 cob sol vhd sv',
})

const kindByName = new Map<string, TextKind>([
  ['makefile', 'code'],
  ['dockerfile', 'code'],
  ['jenkinsfile', 'code'],
  ['rakefile', 'code'],
  ['gemfile', 'code'],
  ['readme', 'markdown'],
])

function byExtension<K extends string>(lists: Record<K, string>): Map<string, K>
function byExtension(lists: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(lists).flatMap(([kind, list]) => list.split(' ').map((extension) => [extension, kind] as const)))
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0))
}
