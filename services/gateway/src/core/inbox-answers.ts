import { isDeepStrictEqual } from 'node:util'
import { type ApprovalView, approvalLimits, parseJson, parseValue, WeftError } from '@weft/contracts'
import { z } from 'zod'
import type { WishedDecision } from './decision-request.ts'
import { namedArguments } from './inbox-shapes.ts'

const Words = z.string().max(approvalLimits.textCharsMax)
const Args = z.record(z.string(), z.unknown())

const InboxEdit = z.object({ action: z.string(), args: Args })

/** `HumanResponse[]` of langchain-ai/agent-inbox: one answer, alone or in a list. */
const InboxAnswer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('accept'), args: z.unknown().optional() }),
  z.object({ type: z.literal('ignore'), args: z.unknown().optional() }),
  z.object({ type: z.literal('response'), args: Words.min(1) }),
  z.object({ type: z.literal('edit'), args: InboxEdit }),
])
type InboxAnswer = z.infer<typeof InboxAnswer>

const Edited = z.object({ name: z.string(), args: Args })

/**
 * `Decision` of langchain 1.x; `edited_action` is how its Python side writes it. `args`, and `ignore`, are what Agent Inbox sends to LangChain's
 * middleware: its own answer with the names of the other's decisions (`sendHumanResponse` in its ThreadContext.tsx).
 */
export const HumanDecision = z.discriminatedUnion('type', [
  z.object({ type: z.literal('approve'), args: z.unknown().optional() }),
  z
    .object({
      type: z.literal('edit'),
      editedAction: Edited.optional(),
      edited_action: Edited.optional(),
      args: InboxEdit.transform(({ action, args }) => ({ name: action, args })).optional(),
    })
    .refine(({ editedAction, edited_action, args }) => (editedAction ?? edited_action ?? args) !== undefined, {
      path: ['editedAction'],
      message: 'is missing: what shall be done instead',
    }),
  z.object({ type: z.literal('reject'), message: Words.optional(), args: Words.nullish() }),
  z.object({ type: z.literal('ignore') }),
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
  if (isLoneDecision(body)) return ofHumanDecision(approval, parseValue(HumanDecision, body, 'the request'))
  const answers = parseValue(AgentInboxAnswer, Array.isArray(body) ? body : [body], 'the request')
  return ofInboxAnswer(approval, answers[0])
}

/** Where LangChain's middleware interrupts once a call (`per_call`), it is answered by one decision without a list. */
function isLoneDecision(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('type' in body)) return false
  return body.type === 'approve' || body.type === 'reject' || 'editedAction' in body || 'edited_action' in body
}

function ofInboxAnswer(approval: ApprovalView, answer: InboxAnswer): WishedDecision {
  const approvalId = approval.id
  switch (answer.type) {
    case 'accept':
      requireSame(approval, answer.args)
      return { approvalId, action: 'approve' }
    case 'ignore':
      return ignored(approval)
    case 'response':
      return { approvalId, action: 'reject', comment: answer.args }
    case 'edit':
      return edit(approval, { name: answer.args.action, args: answer.args.args })
  }
}

function ignored({ id }: ApprovalView): WishedDecision {
  return { approvalId: id, action: 'reject', comment: 'ignored in the inbox' }
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
      requireSame(approval, decision.args)
      return { approvalId, action: 'approve' }
    case 'reject': {
      const comment = decision.message ?? decision.args
      return { approvalId, action: 'reject', ...(comment ? { comment } : {}) }
    }
    case 'ignore':
      return ignored(approval)
    case 'edit':
      return edit(approval, decision.editedAction ?? decision.edited_action ?? decision.args)
  }
}

function edit(approval: ApprovalView, edited: z.infer<typeof Edited> | undefined): WishedDecision {
  if (edited?.name !== approval.action) {
    throw new WeftError('invalid_request', `the action can not be changed, only its arguments: it is "${approval.action}"`, {
      param: 'action',
    })
  }
  const asked = new Map<string, unknown>(Object.entries(namedArguments(approval.args)))
  const params = Object.entries(edited.args).map(([name, value]) => [name, readEdited(name, { value, asked: asked.get(name) })])
  return { approvalId: approval.id, action: 'modify', params: Object.fromEntries(params) }
}

/** Agent Inbox edits every argument as text, numbers and lists too: what was none is read as what it was. Throws `invalid_request` where it is not. */
function readEdited(name: string, { value, asked }: { value: unknown; asked: unknown }): unknown {
  if (typeof value !== 'string') return value
  const kind = [z.number(), z.boolean(), z.array(z.unknown()), Args].find((one) => one.safeParse(asked).success)
  return kind === undefined ? value : parseJson(kind, value, `argument "${name}"`)
}
