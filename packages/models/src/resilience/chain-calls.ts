import type { Catalog } from '../catalog.ts'
import type { ModelEvent } from '../model-event.ts'
import type { ModelRequest } from '../model-request.ts'
import type { PassThroughAnswer } from '../pass-through.ts'
import { needsOfChat, needsOfRequest } from '../routing/request-needs.ts'
import { chooseChain } from './choose-chain.ts'
import { type ChainRun, type Follows, runChain, streamChain } from './run-chain.ts'

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
}

type ChainedCall = ChainOptions & { signal?: AbortSignal | undefined }

/** Calls of one model; `Call` is what else they are made with. */
export interface SingleCalls<Call extends ChainedCall> {
  catalog: Pick<Catalog, 'get'>
  stream(request: ModelRequest, call: Call & { follows?: Follows | undefined }): AsyncGenerator<ModelEvent>
  pass(body: Record<string, unknown>, call: Call & { follows?: Follows | undefined }): Promise<PassThroughAnswer>
}

const attemptsDefault = 3

/** The same calls, each answered by the first model of its chain that does. Until the first piece of an answer there may be another model. */
export function chainCalls<Call extends ChainedCall>({
  catalog,
  stream,
  pass,
}: SingleCalls<Call>): Pick<SingleCalls<Call>, 'stream' | 'pass'> {
  return {
    async *stream(request, call) {
      const { fallbacks } = call
      const chain = chooseChain(catalog, request.model, { fallbacks, needs: () => needsOfRequest(request) })
      yield* streamChain(runOf(chain, call), (model, follows) => {
        call.onModel?.(model)
        return stream({ ...request, model }, { ...call, follows })
      })
    },
    async pass(body, call) {
      const wished = typeof body.model === 'string' ? body.model : ''
      const chain = chooseChain(catalog, wished, { fallbacks: call.fallbacks, needs: () => needsOfChat(body) })
      return runChain(runOf(chain, call), (model, follows) => {
        call.onModel?.(model)
        return pass({ ...body, model }, { ...call, follows })
      })
    },
  }
}

function runOf(chain: readonly string[], { attemptsMax = attemptsDefault, repeats = false, signal }: ChainedCall): ChainRun {
  return { chain, attemptsMax: Math.max(1, attemptsMax), repeats, signal }
}
