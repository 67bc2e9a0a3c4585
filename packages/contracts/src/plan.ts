import { z } from 'zod'
import { StepStatus } from './status.ts'

/**
 * Bounds of a plan; a larger one is refused. `paramsBytesMax`: of one step's params as JSON; `timeoutMsMax`: of a step, 24 h;
 * `approvalTimeoutMsMax`: of a decision, 30 days.
 */
export const planLimits = {
  stepsMax: 200,
  idLengthMax: 64,
  paramsBytesMax: 262_144,
  timeoutMsMax: 86_400_000,
  approvalTimeoutMsMax: 2_592_000_000,
} as const

const Id = z
  .string()
  .min(1)
  .max(planLimits.idLengthMax)
  .regex(/^[A-Za-z0-9_.-]+$/, 'use letters, digits, "_", "." and "-"')

/** A test on a dependency's status or output; data only, nothing is evaluated as code. */
export const Condition = z.strictObject({
  step: Id,
  status: StepStatus.optional(),
  path: z.string().max(256).optional(),
  equals: z.unknown().optional(),
  above: z.number().optional(),
  below: z.number().optional(),
})
export type Condition = z.infer<typeof Condition>

/** How many of a step's dependencies have to succeed before it starts; default `all`. */
export const Join = z.union([z.literal('all'), z.literal('any'), z.strictObject({ atLeast: z.int().positive() })])
export type Join = z.infer<typeof Join>

/**
 * Whom a step waits for before it starts. Defaults: risk `medium`, everybody whose key may approve, a quorum of 1, 7 days, then `reject`. A policy that
 * fits the step makes it stricter, never laxer.
 */
export const ApprovalRule = z.strictObject({
  reason: z.string().min(1).max(2_000),
  risk: z.enum(['low', 'medium', 'high']).optional(),
  assignees: z.array(z.string().max(256)).max(50).optional(),
  quorum: z.int().positive().max(50).optional(),
  timeoutMs: z.int().positive().max(planLimits.approvalTimeoutMsMax).optional(),
  onTimeout: z.enum(['reject', 'escalate']).optional(),
})
export type ApprovalRule = z.infer<typeof ApprovalRule>

/**
 * What becomes of a step that has failed. A failure that another attempt may mend is tried again first, up to `maxAttempts` attempts in all (default 6,
 * and 10 where its agent was not reached).
 * Without a rule the answer's step fails its turn and any other is skipped. `agent`: the agent that `fallback` turns to.
 */
export const FailureRule = z.strictObject({
  action: z.enum(['fail', 'skip', 'retry', 'fallback', 'ask']),
  maxAttempts: z.int().positive().max(20).optional(),
  agent: Id.optional(),
})
export type FailureRule = z.infer<typeof FailureRule>

/** Which model a step's agent should use: the capabilities it must have, the one to prefer if it has them, and the most that the call may come to, in USD. */
export const ModelWish = z.strictObject({
  requires: z.array(z.string().max(64)).max(20).optional(),
  prefer: z.string().max(128).optional(),
  maxCostUsd: z.number().nonnegative().optional(),
})
export type ModelWish = z.infer<typeof ModelWish>

/**
 * One call of one agent. `timeoutMs` is of an attempt: by default 300,000, of a child session 691,200,000 (8 days). `idempotent: false`: an attempt that may have
 * happened is never repeated unasked.
 */
export const WorkflowStep = z.strictObject({
  stepId: Id,
  agent: Id,
  capability: Id,
  params: z.record(z.string(), z.unknown()).default({}),
  dependsOn: z.array(Id).max(planLimits.stepsMax).default([]),
  parallel: z.boolean().default(false),
  when: Condition.optional(),
  join: Join.optional(),
  approval: ApprovalRule.optional(),
  onFailure: FailureRule.optional(),
  timeoutMs: z.int().positive().max(planLimits.timeoutMsMax).optional(),
  idempotent: z.boolean().optional(),
  model: ModelWish.optional(),
  /** The step whose result asked for this one; the session says so. */
  addedBy: Id.optional(),
})
export type WorkflowStep = z.infer<typeof WorkflowStep>

const Range = z.object({ low: z.number(), expected: z.number(), high: z.number() })

/** What a plan is expected to cost and how long it takes. */
export const Estimate = z.object({ costUsd: Range, durationMs: Range })
export type Estimate = z.infer<typeof Estimate>

/**
 * A directed acyclic graph of steps; the step `answerStepId` writes the answer. Field by field: the public API's Plans. A field that is not known is refused: a
 * misspelt `approval` would otherwise let its step run unasked.
 */
export const WorkflowPlan = z.strictObject({
  planId: Id,
  schemaVersion: z.literal(1),
  mode: z.string().max(64).optional(),
  steps: z.array(WorkflowStep).min(1).max(planLimits.stepsMax),
  answerStepId: Id,
  estimate: Estimate.optional(),
})
export type WorkflowPlan = z.infer<typeof WorkflowPlan>

/** What is wrong with a plan, and with which of its steps. */
export const PlanProblem = z.object({ stepId: z.string().optional(), message: z.string() })
export type PlanProblem = z.infer<typeof PlanProblem>

/** Answer of `POST /v1/plan` and of the planner: a plan, a question to the user, or what no agent can do (`missing` capabilities). */
export const PlannerAnswer = z.object({
  kind: z.enum(['plan', 'clarification', 'unsupported']),
  plan: WorkflowPlan.optional(),
  options: z.array(z.string()).optional(),
  question: z.string().optional(),
  missing: z.array(z.string()).optional(),
  problems: z.array(PlanProblem).default([]),
})
export type PlannerAnswer = z.infer<typeof PlannerAnswer>
