import { createHash } from 'node:crypto'
import { canonicalJson } from '@weft/contracts'

/** What a decision is bound to. */
export interface ApprovalBinding {
  sessionId: string
  turn: number
  stepId: string
  agent: string
  capability: string
  args: unknown
  planVersion: number
}

/** SHA-256, as hexadecimal digits, of the binding's canonical JSON. */
export function hashApproval(binding: ApprovalBinding): string {
  const { sessionId, turn, stepId, agent, capability, args, planVersion } = binding
  const bound = canonicalJson({ sessionId, turn, stepId, agent, capability, args, planVersion })
  return createHash('sha256').update(bound).digest('hex')
}
