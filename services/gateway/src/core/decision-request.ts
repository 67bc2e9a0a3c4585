import {
  Assignee,
  approvalActions,
  approvalLimits,
  type DecideApproval,
  parseValue,
  WeftError,
  WorkflowPlan,
} from '@weft/contracts'
import { z } from 'zod'

export const ApprovalAction = z.enum(approvalActions)
export type ApprovalAction = z.infer<typeof ApprovalAction>

/** One action on one approval, as far as the request tells: who acts comes from the key. */
export type WishedDecision = Omit<DecideApproval, 'by' | 'estimate'>

const Text = z.string().max(approvalLimits.textCharsMax)
/** What the decider was shown; the decision counts for nothing else. */
const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'send the hash of the approval as it was shown')
  .optional()
const comment = Text.optional()

/** The bodies of the six actions. Strict: a misspelt field must not turn a bound decision into an unbound one. */
export const decisionBodies = {
  approve: z.strictObject({ comment, hash }),
  reject: z.strictObject({ reason: Text.min(1), hash }),
  modify: z
    .strictObject({ params: z.record(z.string(), z.unknown()).optional(), plan: WorkflowPlan.optional(), comment, hash })
    .refine(({ params, plan }) => (params === undefined) !== (plan === undefined), {
      path: ['params'],
      message: 'or plan: send the one that shall be done instead',
    }),
  snooze: z.strictObject({ until: z.iso.datetime({ offset: true }), hash }),
  delegate: z.strictObject({ to: Assignee, hash }),
  comment: z.strictObject({ text: Text.min(1), hash }),
} as const

/** Reads an action's body. Throws `invalid_request` with the field that is wrong. */
export function wishDecision(approvalId: string, action: ApprovalAction, body: unknown): WishedDecision {
  const wish = { approvalId, action }
  switch (action) {
    case 'approve':
    case 'modify':
      return { ...wish, ...parseValue(decisionBodies[action], body, 'the request') }
    case 'reject': {
      const { reason, ...more } = parseValue(decisionBodies.reject, body, 'the request')
      return { ...wish, ...more, comment: reason }
    }
    case 'snooze': {
      const { until, ...more } = parseValue(decisionBodies.snooze, body, 'the request')
      return { ...wish, ...more, untilMs: Date.parse(until) }
    }
    case 'delegate':
      return { ...wish, ...parseValue(decisionBodies.delegate, body, 'the request') }
    case 'comment': {
      const { text, ...more } = parseValue(decisionBodies.comment, body, 'the request')
      return { ...wish, ...more, comment: text }
    }
  }
}

const BatchItem = z.looseObject({ id: z.string().min(1).max(256), action: ApprovalAction })

/** One decision of a batch: the approval's id, the action, and the fields of that action's body. */
export function wishBatchItem(item: unknown): { id: string; action: ApprovalAction; body: Record<string, unknown> } {
  const { id, action, ...body } = parseValue(BatchItem, item, 'the decision')
  return { id, action, body }
}

/** The id a batch's result names even when the rest of it cannot be read. */
export function batchItemId(item: unknown): string | null {
  return typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'string' ? item.id.slice(0, 256) : null
}

export function unknownApproval(id: string): WeftError {
  return new WeftError('not_found', `no approval '${id.slice(0, 256)}'`, { param: 'id' })
}
