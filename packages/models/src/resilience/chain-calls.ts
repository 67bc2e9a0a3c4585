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

/** What is done when a model does not answer. */
export interface ChainOptions {
  /** Models that answer instead, at most two; default: those of the registry. Only models that are known to support the request are asked. */
  fallbacks?: readonly string[] | undefined
  /** Attempts at all models together; default 3. A caller that repeats the call passes what it has left. */
  attemptsMax?: number | undefined
  /** Whether models are tried again, after a wait, when all have failed; default false, for callers that repeat by themselves. */
  repeats?: boolean | undefined
  /** Told which model is asked now. The last one told is the one that answers. */
  onModel?: ((modelId: string) => void) | undefined
  /** Told each time an attempt at a model begins, also when it begins beside another. */
  onAttempt?: (() => void) | undefined
}

type ChainedCall = ChainOptions & Pick<AttemptCall, 'signal' | 'degraded'>

/** What belongs to a single attempt. */
type Tried = Pick<AttemptCall, 'follows' | 'mustBeWhole'>

/** Makes calls of one model. `Call` is what they are made with besides the request. */
export interface SingleCalls<Call extends ChainedCall> {
  catalog: Pick<Catalog, 'get'>
  stream(request: ModelRequest, call: Call & Tried): AsyncGenerator<ModelEvent>
  pass(body: Record<string, unknown>, call: Call & Tried): Promise<PassThroughAnswer>
}

const attemptsDefault = 3

/**
 * Wraps calls so that each is answered by the first model of its chain that answers. Until the first piece of an answer has come, another model may take over. With
 * `hedging`, which is looked up at each call, another model is asked beside one whose stream is slow to begin.
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

/** Keeps the attempts of one call apart: what each is made with, and the marks of the one that answers. */
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
      // A budget may replace the model of an attempt.
      const onModel = (model: string) => {
        own.model = model
        tell(model)
      }
      // An attempt beside another asks for a whole answer only, since the other one may still bring one.
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

/** Ends an answer that is not used. A generator runs its `finally` only once it has been begun, so a stream is begun first. */
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
