import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** One line of a tenant's approval history, as its hash covers it. */
export interface HistoryLine {
  /** Counts from 1 without gaps. */
  position: number
  approvalId: string
  sessionId: string
  /** The session's event that tells it. */
  seq: number
  at: string
  entry: Record<string, unknown>
}

/** What the first line is chained to. */
export const historyStart = '0'.repeat(64)

/** A line's hash: SHA-256, as hexadecimal digits, of the hash before it and its own canonical JSON. Any change breaks all that follow. */
export function hashHistoryLine(previousHash: string, line: HistoryLine): string {
  const { position, approvalId, sessionId, seq, at, entry } = line
  const text = canonicalJson({ position, approvalId, sessionId, seq, at, entry })
  return createHash('sha256').update(`${previousHash}\n${text}`).digest('hex')
}

export interface ChainedLine extends HistoryLine {
  previousHash: string
  hash: string
}

/** Why a line does not follow from the one before it; undefined when it does. */
export function findBreak(line: ChainedLine, before: { position: number; hash: string }): string | undefined {
  if (line.position !== before.position + 1) return `line ${before.position + 1} is missing`
  if (line.previousHash !== before.hash) return `line ${line.position} does not follow line ${before.position}`
  if (line.hash !== hashHistoryLine(line.previousHash, line)) return `line ${line.position} was changed after it was written`
  return undefined
}
