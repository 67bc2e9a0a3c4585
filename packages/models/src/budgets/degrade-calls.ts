import { lastQuestion } from '@weft/contracts'
import type { AttemptCall, InsteadOf } from '../attempt/attempt-call.ts'
import type { CallOptions, SingleCallOptions } from '../attempt/call-options.ts'
import { ModelError } from '../model-error.ts'
import type { ModelEvent } from '../model-event.ts'
import type { Catalog } from '../registry/catalog.ts'
import type { SingleCalls } from '../resilience/chain-calls.ts'
import type { TaskFacts } from '../routing/core/classify-task.ts'
import type { ModelRouter, Route } from '../routing/model-router.ts'
import { taskOfChat } from '../routing/pass-routed.ts'
import { needsOfChat, needsOfRequest, type RequestNeeds } from '../routing/request-needs.ts'
import type { BoundedCall } from './core/worst-case.ts'
import { findCheaper } from './find-cheaper.ts'

export interface DegradeOptions {
  catalog: Pick<Catalog, 'get' | 'list'>
  router: Pick<ModelRouter, 'choose'>
}

/**
 * Wraps calls so that, where a budget that degrades has no room for one, a cheaper model answers that is known to support the request, chosen as `router/auto`
 * chooses; if there is none, the same model answers more shortly. Either is noted in `degraded` and in the receipt.
 */
export function degradeCalls(single: SingleCalls<SingleCallOptions>, options: DegradeOptions): SingleCalls<CallOptions> {
  return {
    catalog: options.catalog,
    async *stream(request, call) {
      const { model, messages } = request
      const asked = { model, call, needs: () => needsOfRequest(request), task: () => ({ prompt: lastQuestion(messages) }) }
      const { first, events } = await makeWithin(options, asked, (chosen, made) =>
        begin(single.stream({ ...request, model: chosen }, made)),
      )
      try {
        if (!first.done) yield first.value
        yield* events
      } finally {
        await events.return(undefined)
      }
    },
    pass(body, call) {
      const model = typeof body.model === 'string' ? body.model : ''
      const asked = { model, call, needs: () => needsOfChat(body), task: () => taskOfChat(body) }
      return makeWithin(options, asked, (chosen, made) => single.pass({ ...body, model: chosen }, made))
    },
  }
}

/** Waits for the first event: a budget refuses before it. */
async function begin(events: AsyncGenerator<ModelEvent>) {
  return { first: await events.next(), events }
}

interface AskedCall {
  model: string
  call: CallOptions & Pick<AttemptCall, 'mustBeWhole'>
  needs(): RequestNeeds
  task(): TaskFacts
}

async function makeWithin<T>(
  options: DegradeOptions,
  asked: AskedCall,
  make: (model: string, call: SingleCallOptions) => Promise<T>,
): Promise<T> {
  const { model, call } = asked
  try {
    return await make(model, { ...call, mustBeWhole: true })
  } catch (thrown) {
    const breach = breachOf(thrown)
    if (breach === undefined || call.mustBeWhole === true) throw thrown
    const cheaper = await chooseCheaper(options, { ...asked, breach })
    if (cheaper === undefined) return make(model, call)
    call.onModel?.(cheaper.model)
    const { receipt, insteadOf } = cheaper
    try {
      return await make(cheaper.model, { ...call, receipt, insteadOf })
    } catch (refused) {
      if (breachOf(refused) === undefined) throw refused
      // Other calls have spent meanwhile what was left, also for the cheaper model.
      call.onModel?.(model)
      return make(model, call)
    }
  }
}

interface Breach {
  leftNano: number
  call: BoundedCall
  why: string
}

function breachOf(thrown: unknown): Breach | undefined {
  if (!(thrown instanceof ModelError) || thrown.budget?.onBreach !== 'degrade') return undefined
  const { room } = thrown.budget
  return room && { ...room, why: thrown.message }
}

async function chooseCheaper(
  { catalog, router }: DegradeOptions,
  { model, call, needs, task, breach }: AskedCall & { breach: Breach },
): Promise<{ model: string; receipt: object; insteadOf: InsteadOf } | undefined> {
  if (breach.call.kind !== 'chat') return undefined
  const needed = needs()
  const found = await findCheaper(catalog, { leftNano: breach.leftNano, call: breach.call, needs: needed })
  const { allowed: named, ...wishes } = call.wishes ?? {}
  const allowed = found.filter((id) => named === undefined || named.includes(id) || named.includes(id.split('/')[0] ?? id))
  if (allowed.length === 0) return undefined
  const route = await choose(router, { needs: needed, task: task(), scope: call.scope, wishes: { ...wishes, allowed } })
  const chosen = route?.chain[0]
  if (route === undefined || chosen === undefined) return undefined
  return { model: chosen, receipt: { ...call.receipt, ...route.receipt }, insteadOf: { model, why: breach.why } }
}

/** Undefined when none of the allowed models can be asked now. */
async function choose(
  router: DegradeOptions['router'],
  request: Parameters<ModelRouter['choose']>[0],
): Promise<Route | undefined> {
  try {
    return await router.choose(request)
  } catch (thrown) {
    if (thrown instanceof ModelError) return undefined
    throw thrown
  }
}
