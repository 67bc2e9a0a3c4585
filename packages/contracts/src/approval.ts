import { z } from 'zod'
import { Estimate, planLimits, WorkflowPlan } from './plan.ts'
import { StepStatus } from './status.ts'

/** Bounds of approvals; what is beyond them is refused, or shown cut with a note. */
export const approvalLimits = {
  textCharsMax: 4_000,
  nameCharsMax: 256,
  assigneesMax: 50,
  quorumMax: 50,
  rungsMax: 10,
  policiesMax: 100,
  batchMax: 100,
  commentsMax: 100,
  timeoutMsMax: planLimits.approvalTimeoutMsMax,
} as const

const Text = z.string().max(approvalLimits.textCharsMax)
const Name = z.string().min(1).max(approvalLimits.nameCharsMax)
const DurationMs = z.number().positive().max(approvalLimits.timeoutMsMax)

/** How risky a step is, as the plan or the agent rates it; `medium` when nobody does. */
export const Risk = z.enum(['low', 'medium', 'high'])
export type Risk = z.infer<typeof Risk>

/** Who may decide: a key's name, or `role:<role>` for every key with that role. */
export const Assignee = Name

/** What made the session ask: the plan or a policy before a step, the step's agent in the middle, or a failure (`onFailure: ask`). */
export const ApprovalKind = z.enum(['step', 'agent', 'failure'])
export type ApprovalKind = z.infer<typeof ApprovalKind>

/** Only `pending` can be decided; `modified` is an approval with other arguments or another remaining plan. */
export const ApprovalStatus = z.enum(['pending', 'approved', 'rejected', 'modified', 'expired', 'cancelled'])
export type ApprovalStatus = z.infer<typeof ApprovalStatus>

/** One rung of an escalation ladder: who is asked when the one before has let its time pass. */
export const EscalationRung = z.object({
  assignees: z.array(Assignee).min(1).max(approvalLimits.assigneesMax),
  quorum: z.int().positive().max(approvalLimits.quorumMax).optional(),
  timeoutMs: DurationMs,
})
export type EscalationRung = z.infer<typeof EscalationRung>

/**
 * Who is asked, how many of them have to approve, and by when. An empty list of assignees stands for every key with the scope `approve`. Without `timeoutMs`
 * there are 7 days. With `onTimeout: escalate` the rungs of `escalation` are asked one after the other; what nobody decides in the end is rejected.
 */
export const ApprovalTerms = z.object({
  assignees: z.array(Assignee).max(approvalLimits.assigneesMax).default([]),
  quorum: z.int().positive().max(approvalLimits.quorumMax).default(1),
  timeoutMs: DurationMs.optional(),
  remindBeforeMs: DurationMs.optional(),
  onTimeout: z.enum(['reject', 'escalate']).default('reject'),
  escalation: z.array(EscalationRung).max(approvalLimits.rungsMax).default([]),
})
export type ApprovalTerms = z.infer<typeof ApprovalTerms>

/**
 * A rule of the approval policies. The first whose `match` fits (every field given must; `*` at the end of a name matches any rest) gives the
 * terms; with `isRequired` the step is asked about even where its plan does not ask.
 */
export const ApprovalPolicy = ApprovalTerms.extend({
  name: Name,
  reason: Text.optional(),
  isRequired: z.boolean().default(false),
  match: z.object({
    agent: Name.optional(),
    capability: Name.optional(),
    risk: z.array(Risk).optional(),
    kind: z.array(ApprovalKind).optional(),
  }),
})
export type ApprovalPolicy = z.infer<typeof ApprovalPolicy>

/**
 * Whether a quorum can be reached: nobody in particular is named, or enough are, or a role is among them, of which a plan cannot know how many hold it.
 */
export function canReachQuorum(assignees: string[], quorum: number): boolean {
  return assignees.length === 0 || new Set(assignees).size >= quorum || assignees.some((assignee) => assignee.startsWith('role:'))
}

/** Who decides, as the gateway knows from the key. */
export const Approver = z.object({ id: Name, roles: z.array(Name).default([]), isAdmin: z.boolean().default(false) })
export type Approver = z.infer<typeof Approver>

/** One approver's vote. As many votes to approve as the quorum asks for decide, or a single one to reject. */
export const ApprovalVote = z.object({
  by: Name,
  decision: z.enum(['approve', 'reject']),
  at: z.string(),
  comment: Text.optional(),
  /** The approver changed what was asked, and thereby approved it. */
  isModification: z.boolean().optional(),
})
export type ApprovalVote = z.infer<typeof ApprovalVote>

/** One difference between what was asked and what was decided; `path` such as `steps.send.params.to`. */
export const ApprovalChange = z.object({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
})
export type ApprovalChange = z.infer<typeof ApprovalChange>

/** How an approval ended, and by whom: a name, `deadline`, `session` (the turn ended first) or `plan` (a modified plan left the step out). */
export const ApprovalDecision = z.object({
  status: ApprovalStatus.exclude(['pending']),
  by: z.string(),
  at: z.string(),
  comment: Text.optional(),
  changes: z.array(ApprovalChange).optional(),
  estimate: Estimate.optional(),
})
export type ApprovalDecision = z.infer<typeof ApprovalDecision>

/** An approval as clients see it, whole. */
export const ApprovalView = z.object({
  id: z.string(),
  object: z.literal('approval'),
  status: ApprovalStatus,
  kind: ApprovalKind,
  sessionId: z.string(),
  /** Where the approval surfaces: the session a client began, however deep the child session is that asks. */
  rootSessionId: z.string(),
  turn: z.int().positive(),
  stepId: z.string(),
  agent: z.string(),
  capability: z.string(),
  /** What is about to be done, and with what. */
  action: z.string(),
  args: z.unknown(),
  /** SHA-256 over step, arguments and plan version: a decision counts only for exactly this. */
  hash: z.string(),
  planVersion: z.int().positive(),
  reason: z.string(),
  impact: z.string().optional(),
  risk: Risk,
  policy: z.string().optional(),
  suggestion: z
    .object({ decision: z.enum(['approve', 'reject']), confidence: z.number().min(0).max(1), evidence: z.array(z.string()) })
    .optional(),
  context: z.object({
    question: z.string(),
    dependencies: z.array(z.object({ stepId: z.string(), status: StepStatus, excerpt: z.string() })),
  }),
  costUsd: z.object({ soFar: z.number(), ahead: z.number().optional() }),
  assignees: z.array(z.string()),
  quorum: z.int().positive(),
  votes: z.array(ApprovalVote),
  commentCount: z.int().nonnegative(),
  requestedAt: z.string(),
  deadline: z.string().optional(),
  snoozedUntil: z.string().optional(),
  /** 0 until the deadline of the first assignees passes and the ladder's first rung is asked. */
  escalationLevel: z.int().nonnegative(),
  decision: ApprovalDecision.optional(),
})
export type ApprovalView = z.infer<typeof ApprovalView>

/** A pending approval as answers carry it. */
export const ApprovalSummary = ApprovalView.pick({
  id: true,
  sessionId: true,
  stepId: true,
  agent: true,
  action: true,
  args: true,
  hash: true,
  reason: true,
  risk: true,
  deadline: true,
})
export type ApprovalSummary = z.infer<typeof ApprovalSummary>

/** What can be done about a pending approval; the first three decide. */
export const approvalActions = ['approve', 'reject', 'modify', 'snooze', 'delegate', 'comment'] as const

const approvalEntryKinds = [
  'requested',
  'voted',
  'decided',
  'snoozed',
  'delegated',
  'commented',
  'reminded',
  'escalated',
  'outdated',
] as const
/** What an entry of an approval's history tells; `outdated`: the plan changed, so that it is asked anew. */
export const ApprovalEntryKind = z.enum(approvalEntryKinds)
export type ApprovalEntryKind = z.infer<typeof ApprovalEntryKind>

/**
 * Argument of the actor method `decide`. `hash`: the hash of what the decider was shown; if it is not that of the approval any more, the decision is refused
 * as `approval_outdated`. `params` or `plan` and `estimate` go with `modify`, `untilMs` (epoch milliseconds) with `snooze`, `to` with `delegate`.
 */
export const DecideApproval = z.object({
  approvalId: z.string(),
  action: z.enum(approvalActions),
  by: Approver,
  hash: z.string().optional(),
  comment: Text.optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  /** The whole plan as it shall be; validated by the planner before it comes here. */
  plan: WorkflowPlan.optional(),
  estimate: Estimate.optional(),
  untilMs: z.number().positive().optional(),
  to: Assignee.optional(),
})
export type DecideApproval = z.infer<typeof DecideApproval>

/** Answer of the actor method `decide`. */
export const ApprovalDecided = z.object({
  approval: ApprovalView,
  /** The same decision had been taken before: nothing was changed. */
  isRepeat: z.boolean(),
  /** The seq of the session's newest event by then. */
  lastSeq: z.int().nonnegative().optional(),
})
export type ApprovalDecided = z.infer<typeof ApprovalDecided>

/** What an agent that asked is told in `params.approval`, and what a log entry keeps. */
export const StepDecision = z.object({
  approvalId: z.string(),
  kind: ApprovalKind,
  decision: z.enum(['approve', 'reject']),
  by: z.string(),
  comment: Text.optional(),
  /** The arguments as approved: those asked about, or those the decider put in their place. */
  args: z.unknown().optional(),
})
export type StepDecision = z.infer<typeof StepDecision>
