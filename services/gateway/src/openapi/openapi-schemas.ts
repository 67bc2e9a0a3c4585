import {
  ApprovalView,
  ChatCompletionRequest,
  ChatMessage,
  Citation,
  Filter,
  PlannerAnswer,
  PlanProblem,
  PutBudget,
  PutSettings,
  SearchRequest,
  SessionEvent,
  SessionView,
  TurnAnswer,
  TurnView,
  Usage,
  WeftOptions,
  WorkflowPlan,
} from '@weft/contracts'
import { EmbeddingsRequest, ResponsesRequest } from '@weft/models'
import { EmbeddingsState } from '@weft/retrieval'
import { z } from 'zod'
import { decisionBodies } from '../core/decision-request.ts'
import { AgentInboxAnswer, HumanDecision, LangChainAnswer } from '../core/inbox-answers.ts'
import { RegisterAgent } from '../routes/agents/register-agent.ts'
import { PageForm } from '../routes/approvals/approval-pages.ts'
import { BatchBody } from '../routes/approvals/decide-batch.ts'
import { PlanInput } from '../routes/ask-planner.ts'
import { CheckModels } from '../routes/check-models.ts'
import { CreateKey } from '../routes/create-key.ts'
import { ForkBody } from '../routes/fork-session.ts'
import { FeedbackBody } from '../routes/give-feedback.ts'
import {
  AddFile,
  CreateFileBatch,
  CreateVectorStore,
  FileExpiry,
  UpdateFile,
  UpdateVectorStore,
} from '../routes/knowledge/request-schemas.ts'
import { CreateWebhook } from '../routes/webhooks/create-webhook.ts'

const UploadFile = z.object({
  file: z.string().meta({ format: 'binary' }),
  purpose: z.string(),
  expires_after: FileExpiry.optional(),
})
const InboxAnswer = z.union([AgentInboxAnswer, LangChainAnswer, HumanDecision])
const PlanBody = z.object({ plan: WorkflowPlan })

/** The schemas that the document has by name. */
const named = {
  AddFile,
  ApprovalView,
  ApproveBody: decisionBodies.approve,
  BatchBody,
  ChatCompletionRequest,
  ChatMessage,
  CheckModels,
  Citation,
  CommentBody: decisionBodies.comment,
  CreateFileBatch,
  CreateKey,
  CreateVectorStore,
  CreateWebhook,
  DelegateBody: decisionBodies.delegate,
  EmbeddingsState,
  EmbeddingsRequest,
  FeedbackBody,
  Filter,
  ForkBody,
  InboxAnswer,
  ModifyBody: decisionBodies.modify,
  PageForm,
  PlanBody,
  PlanInput,
  PlannerAnswer,
  PlanProblem,
  PutBudget,
  PutSettings,
  RegisterAgent,
  RejectBody: decisionBodies.reject,
  ResponsesRequest,
  SearchRequest,
  SessionEvent,
  SessionView,
  SnoozeBody: decisionBodies.snooze,
  TurnAnswer,
  TurnView,
  UpdateFile,
  UpdateVectorStore,
  UploadFile,
  Usage,
  WeftOptions,
  WorkflowPlan,
} as const

export type SchemaName = keyof typeof named

export function schemaRef(name: SchemaName): { $ref: string } {
  return { $ref: refOf(name) }
}

/** Whether a request may have no body: routes read that as an empty object, which these schemas then have to allow. */
export function mayBeEmpty(name: SchemaName): boolean {
  return named[name].safeParse({}).success
}

/** The named schemas as JSON Schema 2020-12. They describe what clients may send, before defaults are filled in. */
export function schemaObjects(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { uri: refOf, io: 'input', unrepresentable: 'any' })
  return Object.fromEntries(Object.entries(schemas).map(([name, { $id: _id, $schema: _schema, ...schema }]) => [name, schema]))
}

function refOf(name: string): string {
  return `#/components/schemas/${name}`
}
