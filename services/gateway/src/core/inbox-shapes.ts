import type { ApprovalView } from '@weft/contracts'
import { z } from 'zod'

/** How an approval is shown: as Weft's own object, or in the shape another tool's inbox knows. */
export const InboxFormat = z.enum(['weft', 'agent_inbox', 'langchain']).default('weft')
export type InboxFormat = z.infer<typeof InboxFormat>

/** An approval in the shape that was asked for; the foreign shapes keep the id and the hash beside what they know. */
export function showApproval(approval: ApprovalView, format: InboxFormat): object {
  switch (format) {
    case 'weft':
      return approval
    case 'agent_inbox':
      return { ...bindingOf(approval), ...agentInboxRequest(approval) }
    case 'langchain':
      return { ...bindingOf(approval), ...langChainRequest(approval) }
  }
}

/** `HumanInterrupt` of langchain-ai/agent-inbox. */
function agentInboxRequest(approval: ApprovalView) {
  return {
    action_request: { action: approval.action, args: namedArguments(approval.args) },
    config: { allow_ignore: true, allow_respond: true, allow_edit: true, allow_accept: true },
    description: describe(approval),
  }
}

const langChainDecisions = ['approve', 'edit', 'reject']

/** `HITLRequest` of langchain 1.x, by the names of its JavaScript side and by those of its Python side. */
function langChainRequest(approval: ApprovalView) {
  const { action } = approval
  const requests = [{ name: action, args: namedArguments(approval.args), description: describe(approval) }]
  return {
    actionRequests: requests,
    reviewConfigs: [{ actionName: action, allowedDecisions: langChainDecisions }],
    action_requests: requests,
    review_configs: [{ action_name: action, allowed_decisions: langChainDecisions }],
  }
}

function bindingOf({ id, hash, status, sessionId }: ApprovalView) {
  return { id, hash, status, sessionId }
}

/** Both shapes know arguments by name only. */
export function namedArguments(args: unknown): object {
  return typeof args === 'object' && args !== null && !Array.isArray(args) ? args : { value: args }
}

function describe({ reason, impact, risk, deadline }: ApprovalView): string {
  const lines = [reason, ...(impact === undefined ? [] : [`Impact: ${impact}`]), `Risk: ${risk}`]
  return [...lines, ...(deadline === undefined ? [] : [`Decide until ${deadline}`])].join('\n')
}
