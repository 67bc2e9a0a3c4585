import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CallFinish, type CallRecord, CallStart, lostRecord } from './call-record.ts'

/** One line of a journal. */
export const JournalLine = z.union([
  z.object({ begin: CallStart }),
  z.object({ end: CallFinish }),
  z.object({ heard: z.object({ id: z.string(), chars: z.int().nonnegative() }) }),
])
export type JournalLine = z.infer<typeof JournalLine>

/**
 * The calls in the journal of a dead process: first those that ended, as they ended, then the others as `lost`. A line that was not finished is skipped: the call
 * it would have told of was not made yet, or had not ended.
 */
export async function* replayJournal(folder: string): AsyncGenerator<CallRecord> {
  const open = new Map<string, { start: CallStart; heardChars: number }>()
  for (const name of (await readdir(folder)).toSorted()) {
    const text = await readFile(join(folder, name), 'utf8')
    for (const line of text.split('\n')) {
      const read = readLine(line)
      if (read === undefined) continue
      if ('begin' in read) open.set(read.begin.id, { start: read.begin, heardChars: 0 })
      else if ('heard' in read) {
        const call = open.get(read.heard.id)
        if (call !== undefined) call.heardChars = read.heard.chars
      } else {
        // An end without its beginning belongs to a call that was stored before its process ended.
        const call = open.get(read.end.id)
        open.delete(read.end.id)
        if (call !== undefined) yield { ...call.start, ...read.end }
      }
    }
  }
  for (const { start, heardChars } of open.values()) yield lostRecord(start, heardChars)
}

function readLine(line: string): JournalLine | undefined {
  if (line === '') return undefined
  try {
    return JournalLine.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
