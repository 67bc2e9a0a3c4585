import { startsWith } from './decode-text.ts'
import { FileRefusal } from './file-refusal.ts'

/** How a file's text is to be read and cut; it is stored with the text, so that chunking again needs nothing else. */
export const fileKinds = ['text', 'markdown', 'html', 'code', 'data', 'pdf'] as const
export type FileKind = (typeof fileKinds)[number]

/**
 * The kind of a file, by its first bytes and its name's extension. A name that says nothing is read as plain text when its bytes are text.
 * Throws FileRefusal `unsupported_type` for formats known and not read here.
 */
export function fileKindOf(filename: string, bytes: Uint8Array): FileKind {
  if (startsWith(bytes, pdfSignature)) return 'pdf'
  const format =
    signatures.find(([, signature]) => startsWith(bytes, signature))?.[0] ?? unreadExtensions.get(extensionOf(filename))
  if (format !== undefined) {
    const advice = format in advices ? ` ${advices[format]}` : ''
    throw new FileRefusal('unsupported_type', `"${filename}" is ${format}, which is not read.${advice}`)
  }
  return kindOfName(filename)
}

/** The kind a text file of this name has; undefined when the name says that it is no text. */
export function textKindOf(filename: string): FileKind | undefined {
  return unreadExtensions.has(extensionOf(filename)) ? undefined : kindOfName(filename)
}

function kindOfName(filename: string): FileKind {
  return kindByExtension.get(extensionOf(filename)) ?? kindByName.get(baseName(filename).toLowerCase()) ?? 'text'
}

/** Lower case, without the dot; empty when there is none. */
function extensionOf(filename: string): string {
  const name = baseName(filename)
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase()
}

export function baseName(filename: string): string {
  return filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1)
}

const pdfSignature = ascii('%PDF-')

/** First bytes of formats people have in their folders (file(1)'s magic database). */
const signatures: [format: string, signature: readonly number[]][] = [
  ['an image', [0x89, 0x50, 0x4e, 0x47]],
  ['an image', [0xff, 0xd8, 0xff]],
  ['an image', ascii('GIF8')],
  ['an archive or an Office document', [0x50, 0x4b, 0x03, 0x04]],
  ['an old Office document', [0xd0, 0xcf, 0x11, 0xe0]],
  ['an archive', [0x1f, 0x8b]],
  ['an archive', [0x37, 0x7a, 0xbc, 0xaf]],
  ['an archive', [0x28, 0xb5, 0x2f, 0xfd]],
  ['a program', [0x7f, 0x45, 0x4c, 0x46]],
  ['a SQLite database', ascii('SQLite format 3')],
]

const advices: Record<string, string> = {
  'an archive or an Office document': 'Save it as PDF, HTML, Markdown or text and add that.',
  'an old Office document': 'Save it as PDF, HTML, Markdown or text and add that.',
  'an Office document': 'Save it as PDF, HTML, Markdown or text and add that.',
  'an archive': 'Unpack it and add the files inside.',
}

const unreadExtensions = byExtension({
  'an Office document': 'docx docm xlsx xlsm pptx ppsx odt ods odp doc xls ppt rtf pages numbers key',
  'an archive': 'zip gz tgz bz2 xz zst 7z rar tar jar war whl',
  'an image': 'png jpg jpeg gif webp bmp tif tiff ico heic avif psd',
  'sound or video': 'mp3 wav flac ogg m4a mp4 mov avi mkv webm',
  'a program or library': 'exe dll so dylib a o obj class pyc wasm bin',
  'a font': 'ttf otf woff woff2',
  'an e-book': 'epub mobi',
})

const kindByExtension = byExtension<Exclude<FileKind, 'pdf'>>({
  markdown: 'md markdown mdown mdx mkd qmd rmd',
  html: 'html htm xhtml',
  text: 'txt text rst adoc asciidoc org tex srt vtt eml',
  data: 'csv tsv json jsonl ndjson json5 yaml yml toml ini cfg conf log properties env xml lock geojson',
  code:
    'ts tsx mts cts js jsx mjs cjs py pyi go rs java kt kts scala c h cc cpp cxx hpp hh cs fs fsx vb swift m mm rb php pl pm lua r jl dart ' +
    'ex exs erl hrl hs ml mli clj cljs lisp el scm groovy gradle sh bash zsh fish ps1 bat sql graphql gql proto thrift tf hcl nix zig nim v ' +
    'vue svelte css scss sass less cmake mk asm s pas f90 f95 cob sol vhd sv',
})

const kindByName = new Map<string, FileKind>([
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
