import { isDeepStrictEqual } from 'node:util'
import { type ApprovalView, approvalLimits, parseValue, WeftError } from '@weft/contracts'
import { z } from 'zod'
import type { WishedDecision } from './decision-request.ts'
import { namedArguments } from './inbox-shapes.ts'

const Words = z.string().max(approvalLimits.textCharsMax)
const Args = z.record(z.string(), z.unknown())

/** `HumanResponse[]` of langchain-ai/agent-inbox: one answer, alone or in a list. */
const InboxAnswer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('accept'), args: z.unknown().optional() }),
  z.object({ type: z.literal('ignore'), args: z.unknown().optional() }),
  z.object({ type: z.literal('response'), args: Words.min(1) }),
  z.object({ type: z.literal('edit'), args: z.object({ action: z.string(), args: Args }) }),
])
type InboxAnswer = z.infer<typeof InboxAnswer>

const Edited = z.object({ name: z.string(), args: Args })

/** `Decision` of langchain 1.x; `edited_action` is how its Python side writes it. */
const HumanDecision = z.discriminatedUnion('type', [
  z.object({ type: z.literal('approve') }),
  z
    .object({ type: z.literal('edit'), editedAction: Edited.optional(), edited_action: Edited.optional() })
    .refine(({ editedAction, edited_action }) => (editedAction ?? edited_action) !== undefined, {
      path: ['editedAction'],
      message: 'is missing: what shall be done instead',
    }),
  z.object({ type: z.literal('reject'), message: Words.optional() }),
])
type HumanDecision = z.infer<typeof HumanDecision>

export const LangChainAnswer = z.object({
  decisions: z.tuple([HumanDecision], 'exactly one decision: an approval asks for one action'),
})
export const AgentInboxAnswer = z.tuple([InboxAnswer], 'exactly one answer: an approval asks for one action')

/** Reads another inbox's answer to an approval. Throws `invalid_request`; nothing that is not clearly an approval becomes one. */
export function wishByShape(approval: ApprovalView, body: unknown): WishedDecision {
  if (typeof body === 'object' && body !== null && 'decisions' in body) {
    const { decisions } = parseValue(LangChainAnswer, body, 'the request')
    return ofHumanDecision(approval, decisions[0])
  }
  const answers = parseValue(AgentInboxAnswer, Array.isArray(body) ? body : [body], 'the request')
  return ofInboxAnswer(approval, answers[0])
}

function ofInboxAnswer(approval: ApprovalView, answer: InboxAnswer): WishedDecision {
  const approvalId = approval.id
  switch (answer.type) {
    case 'accept':
      requireSame(approval, answer.args)
      return { approvalId, action: 'approve' }
    case 'ignore':
      return { approvalId, action: 'reject', comment: 'ignored in the inbox' }
    case 'response':
      return { approvalId, action: 'reject', comment: answer.args }
    case 'edit':
      return edit(approval, { name: answer.args.action, args: answer.args.args })
  }
}

/** Whoever sends back what was accepted must send what was asked. */
function requireSame({ args }: ApprovalView, accepted: unknown): void {
  if (typeof accepted !== 'object' || accepted === null || !('args' in accepted)) return
  if (isDeepStrictEqual(accepted.args, namedArguments(args))) return
  throw new WeftError('invalid_request', 'these are not the arguments that were asked about: send "edit" to change them', {
    param: 'args',
  })
}

function ofHumanDecision(approval: ApprovalView, decision: HumanDecision): WishedDecision {
  const approvalId = approval.id
  switch (decision.type) {
    case 'approve':
      return { approvalId, action: 'approve' }
    case 'reject':
      return { approvalId, action: 'reject', ...(decision.message === undefined ? {} : { comment: decision.message }) }
    case 'edit':
      return edit(approval, decision.editedAction ?? decision.edited_action)
  }
}

function edit(approval: ApprovalView, edited: z.infer<typeof Edited> | undefined): WishedDecision {
  if (edited?.name !== approval.action) {
    throw new WeftError('invalid_request', `the action can not be changed, only its arguments: it is "${approval.action}"`, {
      param: 'action',
    })
  }
  return { approvalId: approval.id, action: 'modify', params: edited.args }
}
