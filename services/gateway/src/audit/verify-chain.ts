import { type ChainEnd, type ChainLink, chainStart } from '@weft/contracts'

/** The last line that was removed of a chain, once its oldest lines were put into the archive: the first remaining one follows it. */
export interface ChainAnchor extends ChainEnd {
  /** When what that line tells happened. */
  at: string
}

/** What checking a chain of hashes came to. */
export interface ChainVerdict {
  isValid: boolean
  /** Lines that were found in order. */
  entries: number
  /** Of the last line in order: kept elsewhere, it shows later whether the end was cut off. */
  lastHash: string
  /** What the first line follows, where older ones were removed: the archive's last line has that hash. */
  startsAfter?: ChainAnchor
  /** Where the chain breaks, and how. */
  brokenAt?: number
  problem?: string
}

export interface ChainReader<Line> {
  /** Lines after this position, oldest first. */
  page(query: { after: number; limit: number }): Promise<{ data: Line[]; hasMore: boolean }>
  anchor(): Promise<ChainAnchor | undefined>
  findBreak(line: Line, before: ChainEnd): string | undefined
}

const pageLines = 500

/** Whether every line of a chain still holds the hash of the one before. It reads all of them. */
export async function verifyChain<Line extends ChainLink>(chain: ChainReader<Line>): Promise<ChainVerdict> {
  for (let anchor = await chain.anchor(); ; ) {
    const verdict = await verifyAfter(chain, anchor)
    if (verdict.isValid) return verdict
    // What it was to read first may have been removed meanwhile.
    const moved = await chain.anchor()
    if (moved?.position === anchor?.position) return verdict
    anchor = moved
  }
}

async function verifyAfter<Line extends ChainLink>(
  { page, findBreak }: ChainReader<Line>,
  anchor: ChainAnchor | undefined,
): Promise<ChainVerdict> {
  const start: ChainEnd = anchor ?? chainStart
  const verdictOf = ({ position, hash }: ChainEnd) => ({
    entries: position - start.position,
    lastHash: hash,
    ...(anchor === undefined ? {} : { startsAfter: anchor }),
  })
  let before = start
  for (let hasMore = true; hasMore; ) {
    const lines = await page({ after: before.position, limit: pageLines })
    for (const line of lines.data) {
      const problem = findBreak(line, before)
      if (problem !== undefined) return { ...verdictOf(before), isValid: false, brokenAt: before.position + 1, problem }
      before = line
    }
    hasMore = lines.hasMore
  }
  return { ...verdictOf(before), isValid: true }
}
