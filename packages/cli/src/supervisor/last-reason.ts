import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import type { ProcessSnapshot } from './process-snapshot.ts'
import { readLastLines } from './read-last-lines.ts'
import { isSupervisorLine } from './supervised-process.ts'

/** A line of a log that says why something went wrong. Lines without a cause, such as those of slow queries, do not. */
const LogLine = z.looseObject({ level: z.enum(['warn', 'error']), cause: z.string(), timestamp: z.string().optional() })

const linesRead = 50
const reasonCharsMax = 300

/** Why a process is not ready, as far as its log in the folder `logs` says since its start; undefined when it does not. */
export function findLastReason(
  { name, startedAt = '' }: Pick<ProcessSnapshot, 'name' | 'startedAt'>,
  logs: string,
): string | undefined {
  const lines = readLastLines(`${logs}/${name}.log`, linesRead)
  const told = wordsAtEnd(lines) ?? lines.flatMap((line) => reasonOf(line, startedAt)).at(-1)
  return told?.slice(0, reasonCharsMax)
}

/** Why a service could not start, in its own words and whole, when that is what its log in the folder `logs` ends with. */
export function findLastWords(name: string, logs: string): string | undefined {
  return wordsAtEnd(readLastLines(`${logs}/${name}.log`, linesRead))
}

/** The message of a service that could not start. It writes this in plain words before it ends; after that only the supervisor writes. */
function wordsAtEnd(lines: readonly string[]): string | undefined {
  const own = lines.slice(0, lines.findLastIndex((line) => !isSupervisorLine(line)) + 1)
  const words = own.slice(own.findLastIndex((line) => line.startsWith('{')) + 1)
  const [, first] = /^[\w-]+ could not start: (.*)$/.exec(words[0] ?? '') ?? []
  return first === undefined ? undefined : [first, ...words.slice(1)].map((line) => line.trim()).join(' ')
}

function reasonOf(line: string, since: string): string[] {
  try {
    const { cause, timestamp = since } = parseJson(LogLine, line, 'a line of a log')
    return timestamp < since ? [] : [cause.replace(/^\w*Error: /, '')]
  } catch {
    return []
  }
}
