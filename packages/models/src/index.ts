export {
  type AnswerPrompt,
  type AnswerPromptOptions,
  buildAnswerPrompt,
  conflictPhrase,
  noEvidencePhrase,
  parseAnswerPrompt,
} from './step/answer-prompt.ts'
export { budgetQuestion } from './budgets/budget-question.ts'
export type { BudgetState, BudgetStore } from './budgets/budget-store.ts'
export { createPostgresBudgets } from './budgets/postgres-budgets.ts'
export { usdOf } from './budgets/core/nano-usd.ts'
export { answerWithoutEvidence, type NoEvidence } from './step/answer-without-evidence.ts'
export type {
  Admission,
  BreakerBoard,
  BudgetGate,
  CallControls,
  CallEnd,
  CallFacts,
  CallLedger,
  CallOutcome,
  LedgerEntry,
  Reservation,
} from './attempt/call-controls.ts'
export { type CallScope, scopeOfStep } from './attempt/call-scope.ts'
export { type AnswerCache, type AnswerStore, createAnswerCache, type KeptAnswer } from './cache/answer-cache.ts'
export { type CacheKey, cacheKeyOf } from './cache/core/cache-key.ts'
export { mayAnswerAgain } from './cache/core/cacheable.ts'
export { cosine, saysTheSame, similarityMin } from './cache/core/similarity.ts'
export { noteCached } from './cache/note-cached.ts'
export type { CacheUse } from './cache/pass-cached.ts'
export { createPostgresAnswers } from './cache/postgres-answers.ts'
export type { ModelTimeouts } from './attempt/call-guard.ts'
export { type ModelInfo, offlineModelId } from './registry/catalog.ts'
export { type ChatIdentity, newChatIdentity, toChatBody, toChatStream } from './openai/chat-wire.ts'
export { type CollectedToolCall, collectAnswer, type ModelAnswer } from './complete-model.ts'
export type { CallOptions } from './attempt/call-options.ts'
export { type CheckWishes, createModels, type Models, type ModelsOptions } from './create-models.ts'
export { estimateInputTokens, estimateTokens } from './tokens/estimate-tokens.ts'
export { ignoredChatFields } from './openai/ignored-fields.ts'
export { callKinds, callOutcomes } from './ledger/call-record.ts'
export { ModelError, type ModelErrorCode } from './model-error.ts'
export type { FinishReason, ModelEvent, ModelUsage } from './model-event.ts'
export type { ModelSettings } from './model-settings.ts'
export { type ModelRequest, ModelTool, requestFromChat, ResponseFormat, ToolChoice } from './model-request.ts'
export { splitSentences } from './offline/split-sentences.ts'
export { openControls } from './open-controls.ts'
export type { PassThroughAnswer } from './pass-through.ts'
export { attachmentsForStep } from './step/attachments-for-step.ts'
export { overviewRequest } from './step/overview-request.ts'
export { promptForStep, reasonPromptForStep, type StepPrompt } from './step/prompt-for-step.ts'
export { createRerankers, rerankerPattern, type Rerankers } from './rerank/create-rerankers.ts'
export type { LiveOverlay } from './registry/live-catalog.ts'
export { RegistryError } from './registry/read-registry.ts'
export { createPatientState, type PatientState } from './resilience/patient-state.ts'
export type { ModelCheck, ModelsReport, ProviderCheck } from './registry/check-models.ts'
export { streamGroundedText } from './step/stream-grounded-text.ts'
export { type AskedModel, type StepCall, streamStepText, usageEvent } from './step/stream-step-text.ts'
export type { RunningEmbedder } from './embeddings/embedder.ts'
export { localEmbeddingModel } from './local-embedder/local-embedder.ts'
export { accountEmbeddings, accountLocally, type EmbeddingAccounts } from './embeddings/account-embeddings.ts'
export { chosenEmbedder, createEmbedder, embedderPattern } from './embeddings/create-embedder.ts'
export type { AnswerPiece } from './responses/answer-piece.ts'
export { chatFromResponses, requireFunctionTool, type TranslatedResponsesRequest } from './responses/chat-from-responses.ts'
export { type InputItem, inputItems, itemsOfChat } from './responses/input-items.ts'
export { type ItemPlace, placeOfItem } from './responses/item-ids.ts'
export { piecesOfChat, piecesOfChatStream } from './responses/pieces-from-chat.ts'
export {
  type FileSearchResult,
  type OutputItem,
  type ResponseIdentity,
  type ResponseObject,
  responseObject,
} from './responses/response-object.ts'
export { type ResponseItem, ResponsesRequest } from './responses/responses-request.ts'
export { createResponseWriter, encodeResponseEvent, type ResponseEvent, type ResponseWriter } from './responses/write-response.ts'
export { classifyTask, type TaskClass, type TaskFacts } from './routing/core/classify-task.ts'
export { type Random, seededRandom } from './routing/core/draw-sample.ts'
export {
  createLearnedQuality,
  type LearnedQuality,
  type Outcome,
  type PromptFacts,
  type QualityBelief,
} from './routing/core/learned-quality.ts'
export { createModelRouter, type ModelRouter, type Route, type RouteRequest, type RouteWishes } from './routing/model-router.ts'
export { routedModelId } from './routing/pass-routed.ts'
export { createPostgresRouting } from './routing/postgres-routing.ts'
export type { RouteReceipt } from './routing/route-receipt.ts'
export { createRoutingMemory, type RoutingMemory } from './routing/routing-memory.ts'
export { featuresOfPrompt } from './routing/core/prompt-features.ts'
export { createQualityPrice, type QualityPrice } from './routing/core/quality-price.ts'
export {
  type Exclusion,
  type RankedCandidate,
  type RankedModels,
  rankModels,
  type RouteCandidate,
  type RouteLimits,
} from './routing/core/rank-models.ts'
export type { EmbeddingAnswer } from './embeddings/embed-inputs.ts'
export { EmbeddingsRequest } from './embeddings/embeddings-request.ts'
