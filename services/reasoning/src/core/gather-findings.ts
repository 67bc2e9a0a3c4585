import { type Citation, type ExecuteRequest, Passage } from '@weft/contracts'
import { z } from 'zod'

/** More passages than this do not fit a prompt, and dilute it long before. */
export const passagesMax = 40

/** What one dependency found: passages to cite from, and what it says of them. */
export interface Finding {
  stepId: string
  /** What was searched for. */
  about: string
  passages: Passage[]
  text?: string | undefined
  /** As the step numbered them in its text. */
  citations: Citation[]
}

export interface Findings {
  findings: Finding[]
  /** Subjects nothing was found on. */
  missing: string[]
  /** Subjects that could not be looked up, because their step did not succeed. */
  unsearched: string[]
  degraded: string[]
}

export interface Evidence {
  about: string
  passage: Passage
}

const Output = z.object({
  passages: z.array(Passage).max(1_000).optional(),
  query: z.string().optional(),
  text: z.string().optional(),
  degraded: z.array(z.string()).optional(),
})

/**
 * What the steps before have found. A step that answered rather than retrieved brings the quotes it cited; one that did not succeed is
 * named in `degraded`.
 */
export function gatherFindings(dependencies: ExecuteRequest['dependencies'], subjects: string[] = []): Findings {
  const degraded = new Set<string>()
  const unsearched: string[] = []
  const findings = Object.entries(dependencies).flatMap(([stepId, dependency], index): Finding[] => {
    const output = Output.safeParse(dependency.output)
    if (dependency.status !== 'succeeded') {
      degraded.add(`step_skipped:${stepId}`)
      unsearched.push(subjects[index] ?? stepId)
      return []
    }
    if (!output.success) return []
    for (const each of output.data.degraded ?? []) degraded.add(each)
    const { passages, query, text } = output.data
    const { citations } = dependency
    const about = subjects[index] ?? query ?? stepId
    return [{ stepId, about, passages: passages ?? citations.map(passageOf), text, citations }]
  })
  const kept = withinLimit(findings)
  const empty = kept.filter(({ passages, text }) => passages.length === 0 && text === undefined).map(({ about }) => about)
  return { findings: kept, missing: empty, unsearched, degraded: [...degraded] }
}

/** A verified quote is a passage of its own. */
function passageOf({ fileId, filename, quote, start, end, page, score }: Citation): Passage {
  const chunkId = `${fileId}:${start}-${end}`
  return { chunkId, vectorStoreId: '', fileId, filename, text: quote, start, end, score, ...(page === undefined ? {} : { page }) }
}

/** Each stretch of a document once, with the subject it is the better answer to, and an equal share for every subject. */
function withinLimit(findings: Finding[]): Finding[] {
  const share = Math.max(1, Math.floor(passagesMax / Math.max(1, findings.length)))
  const kept: Passage[] = []
  return findings.map((finding, own) => {
    const from = kept.length
    for (const [rank, passage] of finding.passages.entries()) {
      if (kept.length - from >= share) break
      const isElsewhere = findings.some((other, index) => {
        const above = other.passages.slice(0, Math.min(share, index < own ? rank + 1 : rank))
        return index !== own && above.some((each) => holds(each, passage))
      })
      if (!isElsewhere && !kept.some((other) => holds(other, passage))) kept.push(passage)
    }
    return { ...finding, passages: kept.slice(from) }
  })
}

type Span = Pick<Passage, 'fileId' | 'start' | 'end'>

/** Whether a stretch of a document lies within another. */
export function holds(whole: Span, part: Span): boolean {
  return whole.fileId === part.fileId && whole.start <= part.start && part.end <= whole.end
}

/** The passages of all findings in turns, best first, so that cutting the end off is fair to every subject. */
export function inTurns(findings: Finding[]): Evidence[] {
  const longest = Math.max(0, ...findings.map(({ passages }) => passages.length))
  const ranks = Array.from({ length: longest }, (_, rank) => rank)
  return ranks.flatMap((rank) =>
    findings.flatMap(({ about, passages }) => {
      const passage = passages[rank]
      return passage === undefined ? [] : [{ about, passage }]
    }),
  )
}
