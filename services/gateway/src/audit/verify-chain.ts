import { type ChainEnd, type ChainLink, chainStart } from '@weft/contracts'

/** The last line that was removed from a chain when its oldest lines were moved into the archive. The first remaining line follows it. */
export interface ChainAnchor extends ChainEnd {
  /** When the event of that line happened. */
  at: string
}

/** The result of checking a chain of hashes. */
export interface ChainVerdict {
  isValid: boolean
  /** How many lines were found to be in order. */
  entries: number
  /** The hash of the last line that is in order. Whoever keeps it elsewhere can see later whether the end of the chain was cut off. */
  lastHash: string
  /** Where older lines were removed: the line that the first remaining one follows, which is the last one in the archive. */
  startsAfter?: ChainAnchor
  /** The position of the first line that is not in order; `problem` says what is wrong with it. */
  brokenAt?: number
  problem?: string
}

export interface ChainReader<Line> {
  /** Lines after the position `after`, oldest first. */
  page(query: { after: number; limit: number }): Promise<{ data: Line[]; hasMore: boolean }>
  anchor(): Promise<ChainAnchor | undefined>
  /** What is wrong with a line that should follow `before`; undefined when nothing is. */
  findBreak(line: Line, before: ChainEnd): string | undefined
}

const pageLines = 500

/** Checks that every line of a chain has the hash of the line before it. Reads the whole chain. */
export async function verifyChain<Line extends ChainLink>(chain: ChainReader<Line>): Promise<ChainVerdict> {
  for (let anchor = await chain.anchor(); ; ) {
    const verdict = await verifyAfter(chain, anchor)
    if (verdict.isValid) return verdict
    // The first lines may have been moved into the archive while the chain was read: then it is checked again from where it begins now.
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
