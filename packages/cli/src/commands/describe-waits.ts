import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import type { ProcessSnapshot } from '../supervisor/process-snapshot.ts'
import { readLastLines } from './read-last-lines.ts'

/** What went wrong says why; a slow query does not. */
const LogLine = z.looseObject({ level: z.enum(['warn', 'error']), cause: z.string() })

const linesRead = 50
const reasonCharsMax = 300

/** What each process that is not ready yet waits for, as far as its log in the folder `logs` tells. */
export function describeWaits(snapshots: readonly ProcessSnapshot[], logs: string): string[] {
  const waiting = snapshots.filter(({ state }) => state !== 'ready')
  const width = Math.max(...waiting.map(({ name }) => name.length))
  return waiting.map(({ name }) => {
    const reason = lastReason(`${logs}/${name}.log`) ?? `see npx weft logs ${name}`
    return `  ${name.padEnd(width)}  is not ready yet: ${reason}`
  })
}

function lastReason(file: string): string | undefined {
  const told = readLastLines(file, linesRead).flatMap(reasonOf)
  return told.at(-1)?.slice(0, reasonCharsMax)
}

function reasonOf(line: string): string[] {
  try {
    return [parseJson(LogLine, line, 'a line of a log').cause.replace(/^\w*Error: /, '')]
  } catch {
    return []
  }
}
