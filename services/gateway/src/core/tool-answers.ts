import {
  approvalLimits,
  type ChatMessage,
  errorMessage,
  messageText,
  parseJson,
  sessionOfApproval,
  WeftError,
} from '@weft/contracts'
import { z } from 'zod'
import { readDecisionMessage } from './decision-message.ts'
import type { WishedDecision } from './decision-request.ts'

/** The function a client is asked to call when a person has to decide. */
export const approvalTool = 'weft_approval'

const ToolDecision = z
  .strictObject({
    decision: z.enum(['approve', 'reject']),
    comment: z.string().max(approvalLimits.textCharsMax).optional(),
    params: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ decision, params }) => decision === 'approve' || params === undefined, {
    path: ['params'],
    message: 'belongs to an approval: what is rejected is not done with other arguments either',
  })

/**
 * The decisions that a conversation ends with: messages of role `tool` that answer `weft_approval` calls, each bound to the hash that its
 * call showed. Empty for any other conversation. Throws `invalid_request` for an answer that is not clear.
 */
export function readToolAnswers(messages: ChatMessage[]): WishedDecision[] {
  const asked = messages.findLastIndex(({ role }) => role !== 'tool')
  const answers = messages.flatMap((message, index) => (index > asked ? [{ message, index }] : []))
  return answers.flatMap(({ message, index }) => {
    const id = message.tool_call_id ?? ''
    if (sessionOfApproval(id) === undefined) return []
    const hash = shownHash(messages[asked], id)
    return [
      {
        approvalId: id,
        ...readAnswer(messageText(message), `messages.${index}.content`),
        ...(hash === undefined ? {} : { hash }),
      },
    ]
  })
}

function readAnswer(text: string, param: string): Omit<WishedDecision, 'approvalId'> {
  const spoken = readDecisionMessage(unquoted(text))
  if (spoken !== undefined) {
    const { action, comment } = spoken
    return { action, ...(comment === undefined ? {} : { comment }) }
  }
  const { decision, comment, params } = parseDecision(text, param)
  const words = comment === undefined ? {} : { comment }
  return params === undefined ? { action: decision, ...words } : { action: 'modify', params, ...words }
}

/** Some clients send a tool's text as JSON. */
function unquoted(text: string): string {
  return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : text
}

function parseDecision(text: string, param: string): z.infer<typeof ToolDecision> {
  try {
    return parseJson(ToolDecision, text, 'the answer')
  } catch (cause) {
    const why = errorMessage(cause)
    const message = `answer ${approvalTool} with {"decision":"approve"|"reject","comment"?,"params"?}: ${why}`
    throw new WeftError('invalid_request', message, { param, cause })
  }
}

/** A conversation without approval calls and their answers: they are between the client and its approvers, no model's business. */
export function withoutApprovalCalls(messages: ChatMessage[]): ChatMessage[] {
  return messages.flatMap((message) => {
    if (message.role === 'tool') return sessionOfApproval(message.tool_call_id ?? '') === undefined ? [message] : []
    const { tool_calls: calls, ...said } = message
    const kept = calls?.filter((call) => !Call.safeParse(call).success) ?? []
    if (calls === undefined || kept.length === calls.length) return [message]
    if (kept.length > 0) return [{ ...said, tool_calls: kept }]
    return messageText(said) === '' ? [] : [said]
  })
}

const Call = z.looseObject({ id: z.string(), function: z.looseObject({ name: z.literal(approvalTool), arguments: z.string() }) })
const Shown = z.looseObject({ hash: z.string() })

function shownHash(message: ChatMessage | undefined, id: string): string | undefined {
  const call = (message?.tool_calls ?? []).map((each) => Call.safeParse(each).data).find((each) => each?.id === id)
  if (call === undefined) return undefined
  return parseJson(Shown, call.function.arguments, `the arguments of the ${approvalTool} call ${id}`).hash
}
