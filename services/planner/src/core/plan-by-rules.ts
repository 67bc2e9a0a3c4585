import { createHash } from 'node:crypto'
import {
  knowledgeLimits,
  type Mode,
  type PlannerAnswer,
  type PlannerRequest,
  WorkflowPlan,
  type WorkflowStep,
} from '@weft/contracts'
import { agentFor, type CapabilityRegistry } from './capability-registry.ts'
import { classifyRequest, type RequestClass } from './classify-request.ts'
import { estimatePlan } from './estimate-plan.ts'
import type { PastRun } from './learned-cost.ts'
import { needsHops } from './needs-hops.ts'

/** Passages a retrieval hands on: enough for an answer of several sources, few enough for a small model's context. */
const passagesPerAnswer = 8
const passagesPerSubject = 5

/** An index that hangs is given up for an answer without evidence, which says so, after about half a minute. */
const retrievalTimeoutMs = 10_000
const retrievalAttemptsMax = 4

/** The workflow for a request, by rules: the same request, mode and registry always give the same plan; its estimate learns from finished runs. */
export function planByRules(request: PlannerRequest, mode: Mode, { runs, ...registry }: PlanningFacts): PlannerAnswer {
  const found = classifyRequest(request.messages, mode, request.vectorStoreIds.length > 0)
  if (found.mode === 'unclear') return { kind: 'clarification', question: found.ask, problems: [] }
  const drafts = draftSteps(found)
  const missing = [...new Set(drafts.map((draft) => draft.capability).filter((name) => agentFor(registry, name) === undefined))]
  if (missing.length > 0) return { kind: 'unsupported', missing, problems: [] }
  const steps = drafts.map((draft) => ({ agent: agentFor(registry, draft.capability) ?? '', ...draft }))
  const planId = `plan_${createHash('sha256').update(JSON.stringify(steps)).digest('hex').slice(0, 24)}`
  const plan = WorkflowPlan.parse({ planId, schemaVersion: 1, mode: found.mode, steps, answerStepId: 'answer' })
  return { kind: 'plan', plan: { ...plan, estimate: estimatePlan(plan, registry, runs) }, problems: [] }
}

export interface PlanningFacts extends CapabilityRegistry {
  /** Finished runs of the same tenant. */
  runs?: readonly PastRun[] | undefined
}

type StepDraft = Omit<WorkflowStep, 'agent'>

function draftSteps(request: Exclude<RequestClass, { mode: 'unclear' }>): StepDraft[] {
  switch (request.mode) {
    case 'direct':
      return [{ stepId: 'answer', capability: 'reason', params: {}, dependsOn: [], parallel: false }]
    case 'search':
      return [retrieval('retrieve', request.question, passagesPerAnswer), answer('answer', ['retrieve'], request.question)]
    case 'compare': {
      const retrievals = request.subjects.map((subject, index) => ({
        ...retrieval(`retrieve-${index + 1}`, subject, passagesPerSubject),
        parallel: true,
      }))
      const stepIds = retrievals.map((step) => step.stepId)
      return [
        ...retrievals,
        {
          ...answer('synthesize', stepIds, request.question),
          params: { ...questionParam(request.question), subjects: request.subjects },
        },
      ]
    }
  }
}

function retrieval(stepId: string, query: string, maxResults: number): StepDraft {
  return {
    stepId,
    capability: 'retrieve',
    params: {
      query: query.slice(0, knowledgeLimits.queryCharsMax).toWellFormed(),
      maxResults,
      ...(needsHops(query) ? { multiHop: true } : {}),
    },
    dependsOn: [],
    parallel: false,
    timeoutMs: retrievalTimeoutMs,
    onFailure: { action: 'skip', maxAttempts: retrievalAttemptsMax },
  }
}

function answer(capability: 'answer' | 'synthesize', dependsOn: string[], question: string): StepDraft {
  return { stepId: 'answer', capability, params: questionParam(question), dependsOn, parallel: false }
}

/** A plan is stored and shown in many places; an agent finds a longer question in the message itself. */
const questionCharsMax = 4_000

function questionParam(question: string): { question?: string } {
  return question.length > questionCharsMax ? {} : { question }
}
