import type { ApiOperation } from './openapi-operation.ts'
import type { SchemaName } from './openapi-schemas.ts'

const page = ['limit', 'after']

export const approvalOperations: ApiOperation[] = [
  {
    ...read(
      '/approvals/pending',
      'listPendingApprovals',
      'What waits for a decision, oldest first; assignee=me for what this key may decide',
    ),
    query: [...page, 'assignee', 'sessionId', 'snoozed', 'format'],
  },
  {
    ...read(
      '/approvals/stream',
      'streamApprovals',
      'What is asked and what becomes of it; each event has its place in the history as id',
    ),
    query: ['assignee', 'after'],
    headers: ['Last-Event-ID'],
    answer: { content: 'text/event-stream' },
  },
  { ...read('/approvals/history', 'listApprovalHistory', 'Everything that was done to approvals, oldest first'), query: page },
  {
    ...read('/approvals/history/verify', 'verifyApprovalHistory', 'Whether every entry still holds the hash of the one before'),
    scope: 'admin',
  },
  { ...act('/approvals/batch', 'decideApprovals', 'Many decisions, each with its own result'), body: { schema: 'BatchBody' } },
  {
    ...read('/approvals/{id}', 'getApproval', 'One approval; the id may be that of a session with exactly one'),
    query: ['format'],
    answer: { schema: 'ApprovalView' },
  },
  { ...read('/approvals/{id}/history', 'getApprovalHistory', 'What was done to one approval, oldest first'), query: page },
  {
    ...act('/approvals/{id}/decide', 'decideApproval', 'The answer of an Agent Inbox or of LangChain’s human in the loop'),
    query: ['hash'],
    body: { schema: 'InboxAnswer' },
    answer: { schema: 'ApprovalView' },
  },
  act(
    '/approvals/{id}/link',
    'createApprovalLink',
    'A link to a page on which whoever holds this key decides once, within the hour',
  ),
  {
    id: 'showApprovalPage',
    method: 'get',
    path: '/approvals/{id}/page',
    summary: 'What is asked, and forms to decide it; the token of the link stands for the key',
    query: ['token'],
    answer: { content: 'text/html' },
  },
  {
    id: 'decideOnApprovalPage',
    method: 'post',
    path: '/approvals/{id}/page',
    summary: 'The form of that page',
    body: { schema: 'PageForm', content: 'application/x-www-form-urlencoded' },
    answer: { content: 'text/html' },
  },
  decision('approve', 'ApproveBody', 'Lets it be done'),
  decision('reject', 'RejectBody', 'Does not let it be done'),
  decision('modify', 'ModifyBody', 'Lets it be done with other arguments, or by another remaining plan'),
  decision('snooze', 'SnoozeBody', 'Hides it from the list for a while; its deadline stays'),
  decision('delegate', 'DelegateBody', 'Gives the own seat to somebody else'),
  decision('comment', 'CommentBody', 'Adds a comment to its history'),
]

function decision(action: string, schema: SchemaName, summary: string): ApiOperation {
  return {
    ...act(`/approvals/{id}/${action}`, `${action}Approval`, summary),
    body: { schema },
    answer: { schema: 'ApprovalView' },
  }
}

function read(path: string, ...[id, summary]: [string, string]): ApiOperation {
  return { id, method: 'get', path, summary, scope: 'approve' }
}

function act(path: string, ...[id, summary]: [string, string]): ApiOperation {
  return { id, method: 'post', path, summary, scope: 'approve' }
}
