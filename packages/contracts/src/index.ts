export {
  AgentCard,
  AgentContext,
  AgentEvent,
  agentLimits,
  Capability,
  DependencyResult,
  ErrorEvent,
  ExecuteRequest,
  isTerminalAgentEvent,
  NeedsApprovalEvent,
  ResultEvent,
  type TerminalAgentEvent,
  UsageEvent,
} from './agent.ts'
export { ApiKey } from './api-key.ts'
export {
  ApprovalChange,
  ApprovalDecided,
  ApprovalDecision,
  ApprovalEntryKind,
  ApprovalKind,
  ApprovalPolicy,
  ApprovalStatus,
  ApprovalSummary,
  ApprovalTerms,
  ApprovalView,
  ApprovalVote,
  Approver,
  Assignee,
  approvalActions,
  approvalLimits,
  canReachQuorum,
  DecideApproval,
  EscalationRung,
  Risk,
  StepDecision,
} from './approval.ts'
export { ApprovalPolicyFile } from './approval-policy-file.ts'
export { type ChainedLine, findBreak, type HistoryLine, hashHistoryLine } from './approval-history.ts'
export { AuditAction, type AuditLine, type ChainedAuditLine, findAuditBreak, hashAuditLine } from './audit.ts'
export { BudgetAlert, BudgetBreach, BudgetPeriod, BudgetScope, PutBudget } from './budget.ts'
export { canonicalJson } from './canonical-json.ts'
export {
  attachmentsOf,
  ChatCompletionRequest,
  ChatMessage,
  chatLimits,
  earlierMessages,
  lastQuestion,
  messageText,
  RoutingWishes,
  UnverifiedSentences,
  WeftOptions,
} from './chat.ts'
export { ChildParams, childAgent, childLimits } from './child-session.ts'
export { Citation, FoundPlace, Passage } from './citation.ts'
export { describeUsd } from './describe-usd.ts'
export type { Embedder, EmbeddingModel, Embeddings, EmbedRequest } from './embedder.ts'
export { errorMessage } from './error-message.ts'
export { findPlanProblems } from './find-plan-problems.ts'
export { foldLetters } from './fold-letters.ts'
export { type ChainEnd, type ChainLink, chainAfter, chainStart } from './hash-chain.ts'
export { approvalId, type IdPrefix, newId, randomLetters, SessionId, sessionActorId, sessionOfApproval } from './ids.ts'
export { isCopied } from './is-copied.ts'
export { isRecord } from './is-record.ts'
export { isSetBack } from './is-set-back.ts'
export { isTooDeep, jsonDepthMax } from './json-depth.ts'
export { Attributes, ChunkingStrategy, Filter, knowledgeLimits, RankingOptions, SearchRequest } from './knowledge.ts'
export {
  type LiveSetting,
  liveSettings,
  PutSettings,
  RegistryOverlay,
  SettingName,
  type SettingValue,
} from './live-settings.ts'
export { isMode, type Mode, modes } from './modes.ts'
export { parseJson, parseValue } from './parse-json.ts'
export { createPatience, type Patience } from './patience.ts'
export {
  ApprovalRule,
  Condition,
  Estimate,
  FailureRule,
  Join,
  ModelWish,
  PlannerAnswer,
  PlanProblem,
  planLimits,
  WorkflowPlan,
  WorkflowStep,
} from './plan.ts'
export { PlannerRequest } from './planner-request.ts'
export {
  errorFromProblem,
  hasCode,
  Problem,
  type ProblemCode,
  problemStatus,
  toWeftError,
  WeftError,
} from './problem.ts'
export { queryOf } from './query-of.ts'
export { describeMisfit, readJsonSchema } from './read-json-schema.ts'
export type { Reranker, RerankRequest } from './reranker.ts'
export { RetentionDays, TenantRetention } from './retention.ts'
export {
  ForkSource,
  ParentStep,
  ReplyBatch,
  ReplyDetail,
  ReplyItem,
  SessionEvent,
  SessionView,
  StepView,
  SubmitTurn,
  sessionEventTypes,
  TurnAccepted,
  TurnAnswer,
  TurnSeed,
  TurnVersions,
  TurnView,
  Usage,
} from './session.ts'
export { showHidden } from './show-hidden.ts'
export { startOfText } from './start-of-text.ts'
export { startRefusedExitCode } from './start-refused.ts'
export { isTerminalStep, isTerminalTurn, StepStatus, TurnStatus } from './status.ts'
export { Tenant } from './tenant.ts'
export { eastAsianLetters, letterPairs, unspacedLetters } from './unspaced-letters.ts'
export { weftVersion } from './version.ts'
