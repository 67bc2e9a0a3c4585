import { mkdir, writeFile } from 'node:fs/promises'
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
