import { type ChainEnd, type ChainLink, chainStart } from '@weft/contracts'

/** What checking a chain of hashes came to. */
export interface ChainVerdict {
  isValid: boolean
  /** Lines that were found in order. */
  entries: number
  /** Of the last line in order: kept elsewhere, it shows later whether the end was cut off. */
  lastHash: string
  /** Where the chain breaks, and how. */
  brokenAt?: number
  problem?: string
}

export interface ChainReader<Line> {
  /** Lines after this position, oldest first. */
  page(query: { after: number; limit: number }): Promise<{ data: Line[]; hasMore: boolean }>
  findBreak(line: Line, before: ChainEnd): string | undefined
}

const pageLines = 500

/** Whether every line of a chain still holds the hash of the one before. It reads all of them. */
export async function verifyChain<Line extends ChainLink>({ page, findBreak }: ChainReader<Line>): Promise<ChainVerdict> {
  let before = chainStart
  for (let hasMore = true; hasMore; ) {
    const lines = await page({ after: before.position, limit: pageLines })
    for (const line of lines.data) {
      const problem = findBreak(line, before)
      if (problem !== undefined) return { ...verdictOf(before), isValid: false, brokenAt: before.position + 1, problem }
      before = line
    }
    hasMore = lines.hasMore
  }
  return verdictOf(before)
}

function verdictOf({ position, hash }: ChainEnd): ChainVerdict {
  return { isValid: true, entries: position, lastHash: hash }
}
