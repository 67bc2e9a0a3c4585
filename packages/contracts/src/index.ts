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
export {
  ChatCompletionRequest,
  ChatMessage,
  chatLimits,
  earlierMessages,
  lastQuestion,
  messageText,
  WeftOptions,
} from './chat.ts'
export { Citation, Passage } from './citation.ts'
export { type IdPrefix, newId, SessionId, sessionActorId } from './ids.ts'
export { Attributes, ChunkingStrategy, Filter, knowledgeLimits, SearchRequest } from './knowledge.ts'
export { isMode, type Mode, modes } from './modes.ts'
export { parseJson, parseValue } from './parse-json.ts'
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
  Problem,
  type ProblemCode,
  problemStatus,
  toWeftError,
  WeftError,
} from './problem.ts'
export {
  ReplyBatch,
  ReplyItem,
  SessionEvent,
  SessionView,
  StepView,
  SubmitTurn,
  sessionEventTypes,
  TurnAccepted,
  TurnAnswer,
  TurnView,
  Usage,
} from './session.ts'
export { weftVersion } from './version.ts'
export { isTerminalStep, isTerminalTurn, StepStatus, TurnStatus } from './status.ts'
