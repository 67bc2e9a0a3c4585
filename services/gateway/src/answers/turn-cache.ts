import { type ChatCompletionRequest, type ForkSource, parseJson, TurnSeed, weftVersion } from '@weft/contracts'
import {
  type AnswerCache,
  type CacheKey,
  type CallLedger,
  cacheKeyOf,
  mayAnswerAgain,
  type Models,
  noteCached,
} from '@weft/models'
import { withoutApprovalCalls } from '../core/tool-answers.ts'
import { isTurnToKeep } from '../core/turn-to-keep.ts'
import { modelOptionsOf } from '../core/workflow-request.ts'
import type { Log } from '../log.ts'
import type { ReadableStores } from '../readable-stores.ts'
import type { SessionRef, Sessions } from '../sessions/dapr-sessions.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import { settleWithin } from '../settle-within.ts'

export interface TurnQuestion {
  tenant: string
  keyId: string
  chat: ChatCompletionRequest
  /** The request continues a session, or may do so. What was said there is part of the question, and is not known here. */
  hasSession: boolean
  /** The request's header `cache-control` forbids storing (`refusesCache`). */
  noStore: boolean
}

/** A turn that was accepted. */
export interface TurnRef extends SessionRef {
  turn: number
}

/** How the cache takes part in a turn. */
export type CachedTurn =
  | { use: 'bypass' }
  /** `keep`: to be called when the turn is complete; keeps its answer, if it is one that may be given again. Not waited for. */
  | { use: 'miss'; keep(ref: TurnRef): void }
  /** The turn begins with the outputs of an earlier one (`seed`). `note`: to be called for the turn; records in the ledger the calls that were saved. Not waited for. */
  | { use: 'hit'; seed: TurnSeed; note(ref: TurnRef): void }

/** Gives earlier answers of workflows again. It never fails a request: where something goes wrong the turn is worked on. */
export interface TurnCache {
  find(question: TurnQuestion): Promise<CachedTurn>
}

export interface TurnCacheOptions {
  cache: Pick<AnswerCache, 'find' | 'keep'>
  stores: Pick<ReadableStores, 'resolve'>
  /** A version of what the stores hold, which changes with it. */
  knowledgeVersion(place: { tenant: string; vectorStoreIds: readonly string[] }): Promise<string>
  sessions: Pick<Sessions, 'view' | 'seed'>
  log: Pick<SessionLog, 'isDeleted'>
  models: Pick<Models, 'get'>
  ledger: CallLedger
  logger: Pick<Log, 'warn'>
}

/** Looking an answer up only saves time, so that a database that is slower than this is not waited for. */
const lookLimit = { ms: 1_000, what: 'the cache of answers' }
const readWithinMs = 5_000
/** Turns whose answers are being read at once; more are not kept. */
const readingMax = 64

export function createTurnCache(options: TurnCacheOptions): TurnCache {
  let reading = 0

  /** Does something that no request waits for; a failure is only logged. Left out while too much of it is under way. */
  function inBackground(what: string, act: () => Promise<void>): void {
    if (reading >= readingMax) return
    reading += 1
    act()
      .catch((cause: unknown) => options.logger.warn(what, { cause: String(cause) }))
      .finally(() => {
        reading -= 1
      })
  }

  return {
    async find(question) {
      const { keyId, chat } = question
      if (!mayBeCached(question)) return { use: 'bypass' }
      const found = await settleWithin(look(options, question), lookLimit).catch(() => undefined)
      if (found === undefined) return { use: 'bypass' }
      const { known, seed } = found
      if (seed === undefined)
        return { use: 'miss', keep: (ref) => inBackground('an answer was not kept', () => keepTurn(options, known, ref)) }
      const user = chat.safety_identifier ?? chat.user ?? undefined
      const note = (ref: TurnRef) =>
        inBackground('an answer from the cache is not in the ledger', () => noteTurn(options, { ref, seed, keyId, user }))
      return { use: 'hit', seed, note }
    },
  }
}

function mayBeCached({ chat, hasSession, noStore }: TurnQuestion): boolean {
  const { plan, background, cache } = chat.weft ?? {}
  if (hasSession || plan !== undefined || background === true) return false
  return mayAnswerAgain(chat, { wish: noStore ? false : cache })
}

/** The key of a question in the cache, and the stores and their version that went into it. */
interface KnownQuestion {
  key: CacheKey
  vectorStoreIds: readonly string[]
  version: string
}

async function look(
  { cache, stores, knowledgeVersion, log }: TurnCacheOptions,
  { tenant, chat }: TurnQuestion,
): Promise<{ known: KnownQuestion; seed: TurnSeed | undefined }> {
  const vectorStoreIds = (await stores.resolve(tenant, chat.weft?.vectorStoreIds)).toSorted()
  const version = await knowledgeVersion({ tenant, vectorStoreIds })
  const key = cacheKeyOf({ ...bodyOf(chat), knowledge: { vectorStoreIds, version } }, tenant)
  const known = { key, vectorStoreIds, version }
  const [text] = (await cache.find(key))?.pieces ?? []
  if (text === undefined) return { known, seed: undefined }
  const seed = parseJson(TurnSeed, text, 'a kept turn')
  // An answer from a session that was deleted is not given again.
  return { known, seed: (await log.isDeleted({ tenant, sessionId: seed.from.sessionId })) ? undefined : seed }
}

/** Everything in a request that its answer depends on, apart from the knowledge. */
function bodyOf(chat: ChatCompletionRequest): Record<string, unknown> {
  const { mode, budgetUsd, latencyBudgetMs, asOf, unverified } = chat.weft ?? {}
  return {
    model: chat.model,
    messages: withoutApprovalCalls(chat.messages),
    ...modelOptionsOf(chat),
    weft: { version: weftVersion, mode, budgetUsd, latencyBudgetMs, asOf, unverified },
  }
}

async function keepTurn(
  { cache, sessions, knowledgeVersion }: TurnCacheOptions,
  { key, vectorStoreIds, version }: KnownQuestion,
  { turn, ...session }: TurnRef,
): Promise<void> {
  const signal = AbortSignal.timeout(readWithinMs)
  const seen = (await sessions.view(session, signal)).turns.find((each) => each.turn === turn)
  if (seen === undefined || !isTurnToKeep(seen)) return
  const source = await sessions.seed(session, { turn }, signal)
  if (!isWhole(source) || source.request.vectorStoreIds.toSorted().join() !== vectorStoreIds.join()) return
  // Documents that changed while the turn was worked on may have gone into the answer, which then belongs to neither version.
  if ((await knowledgeVersion({ tenant: session.tenant, vectorStoreIds })) !== version) return
  const usage = Object.values(source.seed.finished).flatMap((step) => step.usage)
  cache.keep(key, {
    model: seen.model,
    isStreamed: false,
    pieces: [JSON.stringify(source.seed)],
    inputTokens: usage.reduce((sum, used) => sum + used.inputTokens, 0),
    outputTokens: usage.reduce((sum, used) => sum + used.outputTokens, 0),
  })
}

function isWhole({ seed: { plan, finished } }: ForkSource): boolean {
  return plan.steps.every(({ stepId }) => finished[stepId] !== undefined)
}

interface NotedTurn {
  ref: TurnRef
  seed: TurnSeed
  keyId: string
  user: string | undefined
}

/** Records a cached call for each call of a model that had made the answer. */
async function noteTurn({ models, ledger }: TurnCacheOptions, { ref, seed, keyId, user }: NotedTurn): Promise<void> {
  for (const [stepId, { agent, usage }] of Object.entries(seed.finished)) {
    for (const { model: id, inputTokens, outputTokens } of usage) {
      const model = models.get(id)
      if (model === undefined) continue
      const scope = { ...ref, keyId, user, stepId, agent }
      const content = { isStreamed: true, inputBytes: 0, answers: 1 }
      await noteCached(ledger, { model, scope, content, inputTokens, outputTokens })
    }
  }
}
