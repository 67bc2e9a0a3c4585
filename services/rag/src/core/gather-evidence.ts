import { type Citation, type ExecuteRequest, Passage } from '@weft/contracts'
import { z } from 'zod'

/** More passages than this do not fit a prompt, and dilute it long before. */
export const passagesMax = 40

const Output = z.object({
  passages: z.array(Passage).max(1_000).optional(),
  degraded: z.array(z.string()).optional(),
  query: z.string().optional(),
  rewrittenFrom: z.string().optional(),
  evidence: z.number().optional(),
})

/**
 * `questions`: what questions of a conversation came to when they were made to stand alone. `evidence`: how likely the best of the retrievals holds an
 * answer; undefined when a step did not judge it.
 */
export type Evidence = {
  passages: Passage[]
  degraded: string[]
  questions: Map<string, string>
  evidence: number | undefined
}

/**
 * The passages of the steps an answer depends on, and the quotes of those that answered: each once, those of several steps in turns so that none crowds
 * out another. A dependency that did not succeed, or brought nothing to quote from, is named in `degraded`.
 */
export function gatherEvidence(dependencies: ExecuteRequest['dependencies']): Evidence {
  const lists: Passage[][] = []
  const degraded: string[] = []
  const questions = new Map<string, string>()
  const judged: (number | undefined)[] = []
  for (const [stepId, { status, output, citations }] of Object.entries(dependencies)) {
    const { data } = Output.safeParse(output)
    if (status !== 'succeeded') degraded.push(`step_skipped:${stepId}`)
    else if (data?.passages === undefined && citations.length === 0) degraded.push(`step_unused:${stepId}`)
    else {
      lists.push(data?.passages ?? citations.map(passageOf))
      judged.push(data?.evidence)
    }
    if (status === 'succeeded') degraded.push(...(data?.degraded ?? []))
    if (data?.query !== undefined && data.rewrittenFrom !== undefined) questions.set(data.rewrittenFrom.trim(), data.query)
  }
  const known = judged.filter((evidence) => evidence !== undefined)
  const evidence = known.length > 0 && known.length === judged.length ? Math.max(...known) : undefined
  return { passages: takeTurns(lists), degraded, questions, evidence }
}

function passageOf({ fileId, filename, quote, start, end, page, score }: Citation): Passage {
  const chunkId = `${fileId}:${start}-${end}`
  return { chunkId, vectorStoreId: '', fileId, filename, text: quote, start, end, score, ...(page === undefined ? {} : { page }) }
}

function takeTurns(lists: Passage[][]): Passage[] {
  const taken = new Map<string, Passage>()
  const longest = Math.max(0, ...lists.map((list) => list.length))
  for (let rank = 0; rank < longest; rank++) {
    for (const list of lists) {
      const passage = list[rank]
      if (passage !== undefined && taken.size < passagesMax && !taken.has(passage.chunkId)) taken.set(passage.chunkId, passage)
    }
  }
  return [...taken.values()]
}
