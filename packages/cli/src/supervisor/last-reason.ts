import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import type { ProcessSnapshot } from './process-snapshot.ts'
import { readLastLines } from './read-last-lines.ts'

/** What went wrong says why; a slow query does not. */
const LogLine = z.looseObject({ level: z.enum(['warn', 'error']), cause: z.string(), timestamp: z.string().optional() })

const linesRead = 50
const reasonCharsMax = 300

/** Why a process is not ready, as far as what it has written since it was started into the folder `logs` tells. */
export function findLastReason(
  { name, startedAt = '' }: Pick<ProcessSnapshot, 'name' | 'startedAt'>,
  logs: string,
): string | undefined {
  const told = readLastLines(`${logs}/${name}.log`, linesRead).flatMap((line) => reasonOf(line, startedAt))
  return told.at(-1)?.slice(0, reasonCharsMax)
}

function reasonOf(line: string, since: string): string[] {
  try {
    const { cause, timestamp = since } = parseJson(LogLine, line, 'a line of a log')
    return timestamp < since ? [] : [cause.replace(/^\w*Error: /, '')]
  } catch {
    return []
  }
}
