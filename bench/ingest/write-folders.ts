import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateText } from './generate-text.ts'

/** Files written, and their bytes. */
export interface Written {
  files: number
  bytes: number
}

export const mebibyte = 1_048_576

export async function writeLargeFiles(folder: string, count: number): Promise<Written> {
  for (let number = 0; number < count; number += 1) {
    await writeFile(join(folder, `volume-${number}.txt`), generateText(number + 1, mebibyte))
  }
  return { files: count, bytes: count * mebibyte }
}

/** Sizes of one round of the mixture, in KiB, and how often each occurs: most files are small, most bytes lie in large ones. */
const mixture = [
  { kib: 2, times: 40 },
  { kib: 20, times: 20 },
  { kib: 200, times: 6 },
  { kib: 2_048, times: 2 },
  { kib: 20_480, times: 1 },
] as const

/** Files of mixed sizes until `bytes` are reached, a round of the mixture in each folder. */
export async function writeMixture(folder: string, bytes: number): Promise<Written> {
  const written: Written = { files: 0, bytes: 0 }
  for (let round = 0; written.bytes < bytes; round += 1) {
    const place = join(folder, `round-${round}`)
    await mkdir(place)
    for (const { kib, times } of mixture) {
      for (let time = 0; time < times && written.bytes < bytes; time += 1) {
        const size = Math.min(kib * 1_024, bytes - written.bytes)
        await writeFile(join(place, `${kib}-kib-${time}.txt`), generateText(written.files + 1_000, size))
        written.files += 1
        written.bytes += size
      }
    }
  }
  return written
}

const tinyPerFolder = 500
const tinyBytes = 120

/** Files of a sentence or two. */
export async function writeTinyFiles(folder: string, count: number): Promise<Written> {
  for (let number = 0; number < count; number += 1) {
    const place = join(folder, `part-${Math.floor(number / tinyPerFolder)}`)
    if (number % tinyPerFolder === 0) await mkdir(place)
    await writeFile(join(place, `${number}.txt`), generateText(number + 1, tinyBytes))
  }
  return { files: count, bytes: count * tinyBytes }
}

/** One text of so many MiB, and a PDF of so many pages. */
export async function writeHardFiles(folder: string, { mib, pages }: { mib: number; pages: number }): Promise<Written> {
  const text = join(folder, 'one-text.txt')
  for (let part = 0; part < mib; part += 1) await appendFile(text, generateText(part + 1, mebibyte))
  const pdf = pdfOf(pages)
  await writeFile(join(folder, 'pages.pdf'), pdf)
  return { files: 2, bytes: mib * mebibyte + pdf.length }
}

/** A PDF of plain pages: ISO 32000-1, 7.5. */
function pdfOf(pages: number): Buffer {
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    `<</Type/Pages/Count ${pages}/Kids[${Array.from({ length: pages }, (_, page) => `${4 + 2 * page} 0 R`).join(' ')}]>>`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ]
  for (let page = 0; page < pages; page += 1) {
    const lines =
      generateText(page + 1, 2_400)
        .replaceAll('\n', ' ')
        .match(/.{1,90}/g) ?? []
    const content = `BT/F 10 Tf 12 TL 40 780 Td${lines.map((line) => `(${line})Tj T*`).join('')}ET`
    objects.push(`<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Contents ${5 + 2 * page} 0 R>>`)
    objects.push(`<</Length ${content.length}>>stream\n${content}\nendstream`)
  }
  let file = '%PDF-1.4\n'
  const places = objects.map((object, index) => {
    const at = file.length
    file += `${index + 1} 0 obj${object}endobj\n`
    return at
  })
  const entries = places.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`)
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries.join('')}`
  return Buffer.from(
    `${file}${table}trailer<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${file.length}\n%%EOF\n`,
    'latin1',
  )
}
