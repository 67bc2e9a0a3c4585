import type { TurnView } from '@weft/contracts'
import type { DocumentBlock } from './document-block.ts'

export type OutcomeSource = Pick<TurnView, 'turn' | 'status' | 'approvals'> &
  Partial<Pick<TurnView, 'answer'>> & {
    steps: Pick<TurnView['steps'][number], 'stepId' | 'status' | 'problem' | 'childSessionId'>[]
  }

/** For people to read: steps that were lost on the way, sessions that did a part, and why there is no answer where there is none. */
export function turnOutcome(turn: OutcomeSource): DocumentBlock[] {
  const sentence = sentenceOf(turn)
  return [...turn.steps.flatMap(stepItems), ...(sentence === undefined ? [] : [{ kind: 'note' as const, text: sentence }])]
}

function stepItems({ stepId, status, problem, childSessionId }: OutcomeSource['steps'][number]): DocumentBlock[] {
  const child = childSessionId === undefined ? [] : [`${stepId}: session ${childSessionId} does this`]
  const lost = status === 'skipped' ? 'was left out' : 'failed'
  const loss = problem === undefined || !['skipped', 'failed'].includes(status) ? [] : [`${stepId} ${lost}: ${problem.message}`]
  return [...child, ...loss].map((text) => ({ kind: 'item', text: text.replace(/\s+/g, ' ') }))
}

function sentenceOf({ turn, status, answer, approvals = [] }: OutcomeSource): string | undefined {
  switch (status) {
    case 'completed':
      return undefined
    case 'failed':
      return `Question ${turn} was not answered: ${answer?.problem?.message ?? 'its work failed'}`.replace(/\s+/g, ' ')
    case 'cancelled':
      return `Question ${turn} was not answered: its work was cancelled`
    case 'running':
      return `Question ${turn} is being worked on`
    case 'awaiting_approval': {
      const ids = approvals.filter((approval) => approval.status === 'pending').map(({ id }) => id)
      return `Question ${turn} waits for a decision: ${ids.join(', ')}`
    }
  }
}
