import type { AttemptCall } from '../attempt/attempt-call.ts'
import type { ModelEvent } from '../model-event.ts'
import type { ModelRequest } from '../model-request.ts'
import type { PassThroughAnswer } from '../pass-through.ts'
import type { Catalog } from '../registry/catalog.ts'
import { needsOfChat, needsOfRequest } from '../routing/request-needs.ts'
import { chooseChain } from './choose-chain.ts'
import type { Hedging } from './hedging.ts'
import { type ChainRun, runChain, streamChain } from './run-chain.ts'
import type { Try } from './tries.ts'

/** What may be done when a model does not answer. */
export interface ChainOptions {
  /** Models that answer instead, at most two; default: those of the registry. Only such as provably support the request are asked. */
  fallbacks?: readonly string[] | undefined
  /** Calls of all models together; default 3. What the caller's own repeats have used is taken off. */
  attemptsMax?: number | undefined
  /** Models are tried again after a wait when all have failed; default false, for callers that repeat by themselves. */
  repeats?: boolean | undefined
  /** Told which model is asked now: the last one told of is the one that answers. */
  onModel?: ((modelId: string) => void) | undefined
  /** Told of each attempt at a model as it begins, also of one beside another. */
  onAttempt?: (() => void) | undefined
}

type ChainedCall = ChainOptions & Pick<AttemptCall, 'signal' | 'degraded'>

/** What holds of one attempt of a call. */
type Tried = Pick<AttemptCall, 'follows' | 'mustBeWhole'>

/** Calls of one model; `Call` is what else they are made with. */
export interface SingleCalls<Call extends ChainedCall> {
  catalog: Pick<Catalog, 'get'>
  stream(request: ModelRequest, call: Call & Tried): AsyncGenerator<ModelEvent>
  pass(body: Record<string, unknown>, call: Call & Tried): Promise<PassThroughAnswer>
}

const attemptsDefault = 3

/**
 * The same calls, each answered by the first model of its chain that does. Until the first piece of an answer there may be another model; with `hedging`,
 * which is asked for at each call, one is asked beside a model whose stream is slow to begin.
 */
export function chainCalls<Call extends ChainedCall>(
  { catalog, stream, pass }: SingleCalls<Call>,
  hedging: () => Hedging | undefined,
): Pick<SingleCalls<Call>, 'stream' | 'pass'> {
  return {
    async *stream(request, call) {
      const chain = chooseChain(catalog, request.model, { fallbacks: call.fallbacks, needs: () => needsOfRequest(request) })
      const attempts = attemptsOf(call)
      let hasBegun = false
      const pieces = streamChain(runOf(chain, call, hedging()), (each, signal) =>
        labelled(each, stream({ ...request, model: each.model }, attempts.callOf(each, signal))),
      )
      for await (const [each, event] of pieces) {
        if (!hasBegun) attempts.answeredBy(each)
        hasBegun = true
        yield event
      }
    },
    async pass(body, call) {
      const wished = typeof body.model === 'string' ? body.model : ''
      const chain = chooseChain(catalog, wished, { fallbacks: call.fallbacks, needs: () => needsOfChat(body) })
      const attempts = attemptsOf(call)
      const run = runOf(chain, call, body.stream === true ? hedging() : undefined)
      const { each, answer } = await runChain(run, {
        async begin(tried, signal) {
          return { each: tried, answer: await pass({ ...body, model: tried.model }, attempts.callOf(tried, signal)) }
        },
        drop: (late) => dropAnswer(late.answer),
      })
      attempts.answeredBy(each)
      return answer
    },
  }
}

/** The attempts of one call: what each of them is made with, and what holds of the one that answers. */
function attemptsOf<Call extends ChainedCall>(call: Call) {
  const made = new Map<Try, { model: string; degraded: Set<string> }>()
  let told: string | undefined
  const tell = (model: string) => {
    if (model !== told) call.onModel?.(model)
    told = model
  }
  return {
    callOf(each: Try, signal: AbortSignal | undefined) {
      const own = { model: each.model, degraded: new Set<string>() }
      made.set(each, own)
      tell(own.model)
      call.onAttempt?.()
      // A budget may have another model answer.
      const onModel = (model: string) => {
        own.model = model
        tell(model)
      }
      // Beside a whole answer that may come yet nothing less is asked for.
      return { ...call, follows: each.follows, mustBeWhole: each.isBeside, signal, onModel, degraded: own.degraded }
    },
    answeredBy(each: Try): void {
      const { model, degraded } = made.get(each) ?? { ...each, degraded: [] }
      tell(model)
      for (const mark of degraded) call.degraded?.add(mark)
    },
  }
}

async function* labelled<T>(each: Try, pieces: AsyncGenerator<T>): AsyncGenerator<[Try, T]> {
  for await (const piece of pieces) yield [each, piece]
}

/** A stream ends what it stands for only once it has been begun. */
function dropAnswer(answer: PassThroughAnswer): void {
  if (answer.kind === 'body') return
  const { chunks } = answer
  void chunks
    .next()
    .then(() => chunks.return(undefined))
    .catch(() => undefined)
}

function runOf(
  chain: readonly string[],
  { attemptsMax = attemptsDefault, repeats = false, signal }: ChainedCall,
  hedging: Hedging | undefined,
): ChainRun {
  return { chain, attemptsMax: Math.max(1, attemptsMax), repeats, signal, hedging }
}
