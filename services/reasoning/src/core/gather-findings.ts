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
}

export interface Findings {
  findings: Finding[]
  /** Subjects without a passage, because nothing matched or their step did not succeed. */
  missing: string[]
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
  const failed: string[] = []
  const findings = Object.entries(dependencies).flatMap(([stepId, dependency], index): Finding[] => {
    const output = Output.safeParse(dependency.output)
    if (dependency.status !== 'succeeded') {
      degraded.add(`step_skipped:${stepId}`)
      failed.push(subjects[index] ?? stepId)
      return []
    }
    if (!output.success) return []
    for (const each of output.data.degraded ?? []) degraded.add(each)
    const { passages, query, text } = output.data
    return [
      { stepId, about: subjects[index] ?? query ?? stepId, passages: passages ?? dependency.citations.map(passageOf), text },
    ]
  })
  const kept = withinLimit(findings)
  const empty = kept.filter(({ passages, text }) => passages.length === 0 && text === undefined).map(({ about }) => about)
  return { findings: kept, missing: [...empty, ...failed], degraded: [...degraded] }
}

/** A verified quote is a passage of its own. */
function passageOf({ fileId, filename, quote, start, end, page, score }: Citation): Passage {
  const chunkId = `${fileId}:${start}-${end}`
  return { chunkId, vectorStoreId: '', fileId, filename, text: quote, start, end, score, ...(page === undefined ? {} : { page }) }
}

/** Each passage once, with the first subject that found it, and an equal share for every subject. */
function withinLimit(findings: Finding[]): Finding[] {
  const share = Math.max(1, Math.floor(passagesMax / Math.max(1, findings.length)))
  const seen = new Set<string>()
  return findings.map((finding) => {
    const fresh = finding.passages.filter(({ chunkId }) => !seen.has(chunkId)).slice(0, share)
    for (const { chunkId } of fresh) seen.add(chunkId)
    return { ...finding, passages: fresh }
  })
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
