import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** Where a chain of hashes ends; the next line follows from it. */
export interface ChainEnd {
  /** Counts from 1 without gaps; 0: there is no line yet. */
  position: number
  hash: string
}

/** What the first line of a chain is chained to. */
export const chainStart: ChainEnd = { position: 0, hash: '0'.repeat(64) }

export interface ChainLink extends ChainEnd {
  previousHash: string
}

/** The hash of a line: SHA-256, as hexadecimal digits, of the hash before it and the line's canonical JSON. Any change breaks all that follow. */
export function hashContent(previousHash: string, content: object): string {
  return createHash('sha256')
    .update(`${previousHash}\n${canonicalJson(content)}`)
    .digest('hex')
}

/** The lines that follow from the end of a chain. */
export function chainAfter<Content extends object>(
  last: ChainEnd,
  lines: Content[],
  hashOf: (previousHash: string, line: Content & { position: number }) => string,
): (Content & ChainLink)[] {
  const chained: (Content & ChainLink)[] = []
  for (const content of lines) {
    const before = chained.at(-1) ?? last
    const line = { ...content, position: before.position + 1 }
    chained.push({ ...line, previousHash: before.hash, hash: hashOf(before.hash, line) })
  }
  return chained
}

/** Why a line does not follow from the one before it; undefined when it does. */
export function findChainBreak<Line extends ChainLink>(
  line: Line,
  before: ChainEnd,
  hashOf: (previousHash: string, line: Line) => string,
): string | undefined {
  if (line.position !== before.position + 1) return `line ${before.position + 1} is missing`
  if (line.previousHash !== before.hash) return `line ${line.position} does not follow line ${before.position}`
  if (line.hash !== hashOf(line.previousHash, line)) return `line ${line.position} was changed after it was written`
  return undefined
}
