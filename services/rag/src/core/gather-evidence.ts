import { type ExecuteRequest, Passage } from '@weft/contracts'
import { z } from 'zod'

/** More passages than this do not fit a prompt, and dilute it long before. */
export const passagesMax = 40

const RetrievalOutput = z.object({
  passages: z.array(Passage).max(1_000),
  degraded: z.array(z.string()).optional(),
})

export type Evidence = { passages: Passage[]; degraded: string[] }

/**
 * The passages of the steps an answer depends on: each once, those of several retrievals in turns so that none crowds out another. A
 * dependency that did not succeed is named in `degraded`.
 */
export function gatherEvidence(dependencies: ExecuteRequest['dependencies']): Evidence {
  const lists: Passage[][] = []
  const degraded: string[] = []
  for (const [stepId, dependency] of Object.entries(dependencies)) {
    const output = RetrievalOutput.safeParse(dependency.output)
    if (dependency.status !== 'succeeded') degraded.push(`step_skipped:${stepId}`)
    else if (output.success) {
      lists.push(output.data.passages)
      degraded.push(...(output.data.degraded ?? []))
    }
  }
  return { passages: takeTurns(lists), degraded }
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
