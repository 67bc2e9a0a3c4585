import { type ChainEnd, type ChainLink, findChainBreak, hashContent } from './hash-chain.ts'

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

/** A line's hash, which covers the hash before it. */
export function hashHistoryLine(previousHash: string, line: HistoryLine): string {
  const { position, approvalId, sessionId, seq, at, entry } = line
  return hashContent(previousHash, { position, approvalId, sessionId, seq, at, entry })
}

export interface ChainedLine extends HistoryLine, ChainLink {}

/** Why a line does not follow from the one before it; undefined when it does. */
export function findBreak(line: ChainedLine, before: ChainEnd): string | undefined {
  return findChainBreak(line, before, hashHistoryLine)
}
