import { newId } from '@weft/contracts'
import type { CallScope } from '../attempt/call-scope.ts'
import { ModelError } from '../model-error.ts'
import { type Catalog, type ModelInfo, offlineModelId } from '../registry/catalog.ts'
import { chainMax } from '../resilience/choose-chain.ts'
import { priceTokens } from '../tokens/price-tokens.ts'
import { classifyTask, type TaskFacts } from './core/classify-task.ts'
import type { Random } from './core/draw-sample.ts'
import type { PromptFacts } from './core/learned-quality.ts'
import { featuresOfPrompt } from './core/prompt-features.ts'
import { type Exclusion, exceeds, type RouteCandidate, rankModels } from './core/rank-models.ts'
import type { RequestNeeds } from './request-needs.ts'
import { explainChoice, type RouteReceipt } from './route-receipt.ts'
import type { RoutingMemory } from './routing-memory.ts'
import type { RouteChoice, RouteOutcome } from './routing-store.ts'
import { supportsRequest } from './supports-request.ts'

/** What a caller wants of whichever model answers. */
export interface RouteWishes {
  /** Ids of models, or of providers. Default: all. */
  allowed?: readonly string[] | undefined
  /** Capabilities besides those that the request itself needs. */
  requires?: readonly string[] | undefined
  /** The most that this request may cost in the worst case, in USD. */
  maxCostUsd?: number | undefined
  maxFirstTokenMs?: number | undefined
  /** The share of the best candidate's quality that answers shall reach on average. Default 0.95. */
  minQuality?: number | undefined
}

export interface RouteRequest {
  needs: RequestNeeds
  task: TaskFacts
  scope: CallScope
  wishes?: RouteWishes | undefined
}

export interface Route {
  /** The model to ask first, then those to ask when it does not answer; at most three. */
  chain: string[]
  receipt: RouteReceipt
  /** Tells how good the answer was, once that is known, and which model gave it. */
  judge(model: string, outcome: Pick<RouteOutcome, 'kind' | 'reward' | 'outputTokens'>): void
}

export interface ModelRouter {
  /**
   * Throws ModelError: `invalid_request` naming what no model can do, `model_unavailable` when the models that can do it keep failing, `model_not_found` when
   * there is no model at all.
   */
  choose(request: RouteRequest): Promise<Route>
  /** Whether `choose` would find a model. Nothing is chosen or learned. */
  canChoose(request: Pick<RouteRequest, 'needs' | 'wishes'>): Promise<boolean>
}

export interface ModelRouterOptions {
  catalog: Pick<Catalog, 'list'>
  memory: RoutingMemory
  random?: Random | undefined
  /** The state of a model's breaker, as this process knows it. */
  breakerOf?: ((model: string) => string) | undefined
}

/** RouteLLM's share for "nearly as good". */
const minQualityUsual = 0.95
/** The longest answer that is reckoned with when neither request nor model sets a limit; longer ones are rare. */
export const outputTokensUsual = 4_096

export function createModelRouter({ catalog, memory, random = Math.random, breakerOf }: ModelRouterOptions): ModelRouter {
  const limitsOf = ({ maxCostUsd, maxFirstTokenMs }: RouteWishes) => ({ maxCostUsd, maxFirstTokenMs })
  return {
    async canChoose({ needs, wishes = {} }) {
      const { supported } = sift(await catalog.list(), { needs, wishes })
      const candidates = supported.map((model) => ({
        ...costOf(model, { needs, outputTokens: 0 }),
        breaker: breakerOf?.(model.id),
      }))
      return candidates.some((candidate) => exceeds(candidate, limitsOf(wishes)) === undefined)
    },
    async choose({ needs, task, scope, wishes = {} }) {
      const prompt: PromptFacts = { taskClass: classifyTask(task), features: featuresOfPrompt(task.prompt) }
      const minQuality = wishes.minQuality ?? minQualityUsual
      const { tenant } = scope
      const learned = memory.learned(tenant)
      const price = memory.price(tenant, minQuality)
      const { supported, excluded } = sift(await catalog.list(), { needs, wishes })
      const candidates = supported.map((model) => ({
        ...costOf(model, { needs, outputTokens: learned.expectedOutputTokens(model.id, prompt.taskClass) }),
        breaker: breakerOf?.(model.id),
      }))
      const ranking = rankModels(candidates, { prompt, limits: limitsOf(wishes), learned, price, random })
      const { ranked, hasLearned } = ranking
      const left = [...excluded, ...ranking.excluded]
      if (ranked.length === 0) throw nothingLeft(left)
      const receipt: RouteReceipt = {
        taskClass: prompt.taskClass,
        minQuality,
        pricePoints: price.points(),
        unitUsd: price.referenceUsd(),
        candidates: ranked,
        excluded: left,
        chain: ranked.slice(0, chainMax).map(({ model }) => model),
        why: explainChoice(ranked, hasLearned),
      }
      price.noteCost(Math.max(...ranked.map(({ expectedUsd }) => expectedUsd)))
      return { chain: receipt.chain, receipt, judge: follow({ receipt, prompt, scope, memory }) }
    },
  }
}

/** Remembers the choice. Answers how to judge it: a model that answered in place of the chosen one is judged by itself. */
function follow(options: {
  receipt: RouteReceipt
  prompt: PromptFacts
  scope: CallScope
  memory: RoutingMemory
}): Route['judge'] {
  const { receipt, prompt, scope, memory } = options
  const bestExpected = Math.max(...receipt.candidates.map(({ expectedQuality }) => expectedQuality))
  const choiceOf = (model: string): RouteChoice => ({
    id: newId('route'),
    tenant: scope.tenant,
    ...(scope.sessionId === undefined ? {} : { sessionId: scope.sessionId }),
    ...(scope.turn === undefined ? {} : { turn: scope.turn }),
    model,
    taskClass: prompt.taskClass,
    features: [...prompt.features],
    minQuality: receipt.minQuality,
    expected: receipt.candidates.find((each) => each.model === model)?.expectedQuality ?? bestExpected,
    bestExpected,
  })
  const first = choiceOf(receipt.chain[0] ?? '')
  memory.noteChoice(first)
  return (model, outcome) => memory.noteOutcome({ ...outcome, choice: model === first.model ? first : choiceOf(model) })
}

function sift(
  models: readonly ModelInfo[],
  { needs, wishes }: { needs: RequestNeeds; wishes: RouteWishes },
): { supported: ModelInfo[]; excluded: Exclusion[] } {
  const excluded: Exclusion[] = []
  const supported = models.filter((model) => {
    const exclusion = exclusionOf(model, { needs, wishes })
    if (exclusion !== undefined) excluded.push(exclusion)
    return exclusion === undefined
  })
  const others = supported.filter(({ provider }) => provider !== 'offline')
  if (others.length === supported.length || models.every(({ provider }) => provider === 'offline')) return { supported, excluded }
  const why = `${offlineModelId} only quotes its sources, so it answers only where no other is set up`
  return { supported: others, excluded: [...excluded, { model: offlineModelId, code: 'extractive', why }] }
}

function exclusionOf(model: ModelInfo, { needs, wishes }: { needs: RequestNeeds; wishes: RouteWishes }): Exclusion | undefined {
  const { id, provider, capabilities = [] } = model
  const because = (code: string, why: string): Exclusion => ({ model: id, code, why: `${id} ${why}` })
  if (!capabilities.includes('chat')) return because('chat', 'is not known to hold conversations')
  if (wishes.allowed !== undefined && !wishes.allowed.some((name) => name === id || name === provider))
    return because('not_allowed', 'is not among those allowed')
  if (model.deprecated !== undefined) return because('deprecated', 'is about to be withdrawn')
  const lacking = wishes.requires?.find((capability) => !capabilities.includes(capability))
  if (lacking !== undefined) return because(lacking, `is not known to support '${lacking}'`)
  if (model.price === undefined) return because('price_unknown', 'has no known price')
  const support = supportsRequest(model, needs)
  return support.isSupported ? undefined : { model: id, code: support.missing, why: support.why }
}

function costOf(
  { id, price, firstTokenMs, outputTokensMax }: ModelInfo,
  { needs, outputTokens }: { needs: RequestNeeds; outputTokens: number },
): RouteCandidate {
  const { inputTokens } = needs
  const usdOf = (tokens: number) => priceTokens(price, { inputTokens, outputTokens: tokens })
  const outputMax = needs.outputTokens ?? Math.min(outputTokensUsual, outputTokensMax ?? outputTokensUsual)
  return { model: id, expectedUsd: usdOf(Math.min(outputTokens, outputMax)), worstUsd: usdOf(outputMax), firstTokenMs }
}

function nothingLeft(excluded: readonly Exclusion[]): ModelError {
  if (excluded.length === 0) return new ModelError('model_not_found', 'no model is available', { param: 'model' })
  const reasons = excluded.slice(0, 5).map(({ why }) => why)
  const more = excluded.length > reasons.length ? `, and ${excluded.length - reasons.length} more` : ''
  const message = `No model can answer this request: ${reasons.join('; ')}${more}.`
  // A model that is left alone for a while could answer later, so the request is not at fault.
  if (excluded.some(({ code }) => code === 'breaker_open'))
    return new ModelError('model_unavailable', message, { isRetryable: true })
  return new ModelError('invalid_request', message, { param: 'model' })
}
