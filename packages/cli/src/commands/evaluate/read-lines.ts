import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError, exitCodes, systemErrorCode } from '../../cli-error.ts'
import { usageError } from '../client/explain-failure.ts'
import { reasonOf } from '../client/walk-paths.ts'

/** Bounded, because a file of a collection is held in memory while it is read. */
const fileBytesMax = 536_870_912

export type Line = { text: string; number: number }

const newline = 0x0a
const byteOrderMark = '\ufeff'

/**
 * The lines of a UTF-8 file of a collection that are not blank, with their numbers from 1; undefined when there is no such file. Throws wrong usage for a file that cannot
 * be read or is too large, and `bad_collection` for a line that is not UTF-8.
 */
export async function readLines(folder: string, file: string): Promise<Iterable<Line> | undefined> {
  const path = join(folder, file)
  try {
    const { size } = await stat(path)
    if (size > fileBytesMax) throw usageError(`${path} is larger than ${fileBytesMax / 1_048_576} MiB`)
    return splitLines(await readFile(path), file)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined
    throw error instanceof CliError ? error : usageError(`cannot read ${path}: ${reasonOf(error)}`)
  }
}

function* splitLines(bytes: Uint8Array, file: string): Generator<Line> {
  for (let from = 0, number = 1; from < bytes.length; number += 1) {
    const end = bytes.indexOf(newline, from)
    const piece = bytes.subarray(from, end === -1 ? bytes.length : end)
    from += piece.length + 1
    const text = decodeLine(piece, { file, number })
    if (text.trim() !== '') yield { text: number === 1 && text.startsWith(byteOrderMark) ? text.slice(1) : text, number }
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeLine(piece: Uint8Array, place: Place): string {
  try {
    return decoder.decode(piece)
  } catch (cause) {
    throw badLine(place, 'is not UTF-8', { cause })
  }
}

export type Place = { file: string; number: number }

/** The error for a broken collection. It has the exit code of wrong usage, so that CI does not take a broken file for a missed gate. */
export function badLine({ file, number }: Place, problem: string, more: { cause?: unknown } = {}): CliError {
  return new CliError('bad_collection', `${file}:${number}: ${problem}`, { exitCode: exitCodes.wrongUsage, ...more })
}
