import type { ModelEvent } from '../model-event.ts'
import type { ModelRequest } from '../model-request.ts'
import { type Catalog, requireModel } from '../registry/catalog.ts'
import { upstreamNameOf } from '../registry/read-registry.ts'
import { contentOfEvent, hearContent } from './answer-facts.ts'
import type { AttemptCall } from './attempt-call.ts'
import { contentOfRequest } from './call-content.ts'
import type { CallControls } from './call-controls.ts'
import { type ModelTimeouts, patienceWith } from './call-guard.ts'
import { openAttempt } from './open-attempt.ts'

export interface StreamContext extends AttemptCall {
  catalog: Catalog
  timeouts: ModelTimeouts
  controls: CallControls
}

/** Makes one attempt at one model, on the wire that its provider speaks. Throws ModelError; ends with `finish` and `usage`. */
export async function* streamModel(request: ModelRequest, context: StreamContext): AsyncGenerator<ModelEvent> {
  const { catalog, timeouts, ...passed } = context
  const { model, provider } = requireModel(catalog, request.model)
  const patience = patienceWith(timeouts, provider.spec.timeouts, model.timeouts)
  const attempt = await openAttempt({
    ...passed,
    model,
    content: contentOfRequest(request),
    wishes: request,
    silence: { firstMs: patience.firstTokenMs, betweenMs: patience.betweenTokensMs },
  })
  const { guard, answer } = attempt
  try {
    if (guard.signal.aborted) throw guard.signal.reason
    const { capabilities, outputTokensMax } = model
    const allowed = { ...request, maxOutputTokens: attempt.outputTokensMax ?? request.maxOutputTokens }
    const call = { request: allowed, modelName: upstreamNameOf(model.id), capabilities, outputTokensMax, signal: guard.signal }
    for await (const event of provider.provider.stream(call)) {
      guard.touch()
      if (event.type === 'tokens') answer.tokens = event
      else if (event.type === 'response') {
        answer.responseId = event.id ?? answer.responseId
        answer.responseModel = event.model ?? answer.responseModel
      } else {
        hearContent(answer, contentOfEvent(event))
        if (event.type === 'finish') answer.finishReason = event.reason
        else attempt.touchContent()
        guard.handOver()
        yield event
        guard.touch()
      }
    }
    const reason = guard.reason()
    if (reason !== undefined) throw reason
    const usage = attempt.complete()
    yield { type: 'usage', ...((await attempt.used()) ?? usage) }
  } catch (thrown) {
    throw attempt.fail(thrown)
  } finally {
    attempt.leave()
    await attempt.told()
  }
}
