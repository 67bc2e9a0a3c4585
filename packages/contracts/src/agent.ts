import { z } from 'zod'
import { ChatMessage, UnverifiedSentences } from './chat.ts'
import { Citation } from './citation.ts'
import { ModelWish, planLimits, WorkflowStep } from './plan.ts'
import { StepStatus } from './status.ts'

/**
 * Bounds of an agent's answer: one NDJSON line (in characters, once it is decoded), the whole stream of one attempt, one checkpoint, what people read of it
 * (a message, or the reason and the action of a question), the arguments of a question, as many as a step of a plan may have, and the attempts that a capability may want at once.
 */
export const agentLimits = {
  lineBytesMax: 4_194_304,
  streamBytesMax: 33_554_432,
  checkpointBytesMax: 1_048_576,
  messageCharsMax: 2_000,
  argsBytesMax: planLimits.paramsBytesMax,
  concurrencyMax: 2_000,
} as const

/**
 * What an agent offers. Schemas are JSON Schema; `costUsd` and `latencyMs` are what one call usually takes; `external`: it changes something outside, so that its
 * effect has to happen once only. `maxConcurrency`: how many attempts the agent wants to work on at once (default 256); more wait with the orchestrator.
 * `cites: false`: its answers have no citations, so that nothing of their text has to wait for one to be checked.
 */
export const Capability = z.object({
  name: z.string().min(1).max(64),
  description: z.string().max(2_000),
  inputSchema: z.record(z.string(), z.unknown()),
  outputSchema: z.record(z.string(), z.unknown()),
  costUsd: z.number().nonnegative().optional(),
  latencyMs: z.number().nonnegative().optional(),
  effects: z.enum(['none', 'external']),
  maxConcurrency: z.int().min(1).max(agentLimits.concurrencyMax).optional(),
  cites: z.boolean().optional(),
})
export type Capability = z.infer<typeof Capability>

/** What an agent answers to `GET /card`. */
export const AgentCard = z.object({
  id: z.string().min(1).max(64),
  version: z.string().max(64),
  description: z.string().max(2_000),
  capabilities: z
    .array(Capability)
    .min(1)
    .max(100)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'have two of one name'),
  tools: z.array(z.unknown()).max(500).optional(),
})
export type AgentCard = z.infer<typeof AgentCard>

/** How a dependency of the step ended, and what it put out. */
export const DependencyResult = z.object({
  status: StepStatus,
  output: z.unknown().optional(),
  citations: z.array(Citation).default([]),
})
export type DependencyResult = z.infer<typeof DependencyResult>

/** What every agent of a step is told about the turn it works for. */
export const AgentContext = z.looseObject({
  tenant: z.string().optional(),
  /** Whom the client named, and the key its request came with: on their account models are called. */
  user: z.string().optional(),
  keyId: z.string().optional(),
  vectorStoreIds: z.array(z.string()).optional(),
  modelOptions: z.record(z.string(), z.unknown()).optional(),
  unverified: UnverifiedSentences.optional(),
  /** How long searching may take. */
  latencyBudgetMs: z.int().positive().optional(),
})
export type AgentContext = z.infer<typeof AgentContext>

/** Body of `POST /execute`. */
export const ExecuteRequest = z.object({
  sessionId: z.string(),
  turn: z.int().positive(),
  stepId: z.string(),
  attempt: z.int().positive(),
  capability: z.string(),
  params: z.record(z.string(), z.unknown()),
  input: z.object({ messages: z.array(ChatMessage) }),
  dependencies: z.record(z.string(), DependencyResult),
  context: AgentContext.optional(),
  budget: z.object({ maxCostUsd: z.number() }).optional(),
  model: ModelWish.optional(),
  checkpoint: z.unknown().optional(),
  deadline: z.iso.datetime(),
})
export type ExecuteRequest = z.infer<typeof ExecuteRequest>

/** Tokens and US dollars of one model call; `measured: false` where they are estimated. */
export const UsageEvent = z.object({
  type: z.literal('usage'),
  model: z.string(),
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  costUsd: z.number().nonnegative(),
  measured: z.boolean(),
})
export type UsageEvent = z.infer<typeof UsageEvent>

/** The version of the agent that ended the attempt; of a kept result, the version that made it. */
const agentVersion = AgentCard.shape.version.optional()

/** The work is done. `confidence` from 0 to 1; `steps` are added to the plan; `escalate`: a better agent should look at it. */
export const ResultEvent = z.object({
  type: z.literal('result'),
  output: z.unknown(),
  citations: z.array(Citation).default([]),
  confidence: z.number().min(0).max(1),
  escalate: z.boolean().optional(),
  followUps: z.array(z.string()).optional(),
  steps: z.array(WorkflowStep).optional(),
  agentVersion,
})
export type ResultEvent = z.infer<typeof ResultEvent>

/** The work waits for a person; the next attempt is told in `params.approval` what was decided. */
export const NeedsApprovalEvent = z.object({
  type: z.literal('needs_approval'),
  reason: z.string(),
  action: z.string(),
  args: z.unknown(),
  risk: z.enum(['low', 'medium', 'high']).optional(),
  agentVersion,
})
export type NeedsApprovalEvent = z.infer<typeof NeedsApprovalEvent>

/** The attempt failed; another one is made when that may help. */
export const ErrorEvent = z.object({
  type: z.literal('error'),
  code: z.string(),
  message: z.string(),
  isRetryable: z.boolean(),
  agentVersion,
})
export type ErrorEvent = z.infer<typeof ErrorEvent>

/** One line of an agent's NDJSON answer; exactly one of result, needs_approval or error ends it. */
export const AgentEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), message: z.string(), fraction: z.number().min(0).max(1).optional() }),
  z.object({ type: z.literal('text'), delta: z.string() }),
  z.object({ type: z.literal('tool_call'), name: z.string(), args: z.unknown(), result: z.unknown().optional() }),
  UsageEvent,
  z.object({ type: z.literal('checkpoint'), state: z.unknown() }),
  ResultEvent,
  NeedsApprovalEvent,
  ErrorEvent,
])
export type AgentEvent = z.infer<typeof AgentEvent>

/** The events that end an attempt. */
export type TerminalAgentEvent = ResultEvent | NeedsApprovalEvent | ErrorEvent

/** Whether an event ends its attempt. */
export function isTerminalAgentEvent(event: AgentEvent): event is TerminalAgentEvent {
  return event.type === 'result' || event.type === 'needs_approval' || event.type === 'error'
}
