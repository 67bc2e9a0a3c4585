import { ModelError } from '../model-error.ts'
import type { ModelEvent } from '../model-event.ts'

/** All events; text deltas also go to `texts` as they come, for streams that throw. */
export async function collect(stream: AsyncIterable<ModelEvent>, texts: string[] = []): Promise<ModelEvent[]> {
  const events: ModelEvent[] = []
  for await (const event of stream) {
    events.push(event)
    if (event.type === 'text') texts.push(event.delta)
  }
  return events
}

/** The ModelError a promise rejects with; anything else is thrown on. */
export async function failureOf(promise: Promise<unknown>): Promise<ModelError> {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof ModelError) return thrown
    throw thrown
  }
  throw new TypeError('it did not fail')
}
