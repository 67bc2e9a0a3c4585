import type { Stream } from 'openai/streaming'
import { explainSdkError } from '../upstream/explain-sdk-error.ts'
import { unfinishedStream } from '../upstream/explain-upstream-error.ts'
import type { AnswerStream } from './openai-provider.ts'
import { responseBody } from './response-body.ts'
import { createResponseReader } from './response-events.ts'

/** Streams an answer on the wire of responses. */
export const streamResponse: AnswerStream = async function* (client, connection, call) {
  const body = responseBody(call)
  const read = createResponseReader(connection.id)
  let hasFinished = false
  try {
    const events = await (await client).post<Stream<unknown>>('/responses', { body, stream: true, signal: call.signal })
    for await (const received of events) {
      for (const event of read(received)) {
        if (event.type === 'finish') hasFinished = true
        yield event
      }
    }
  } catch (thrown) {
    throw explainSdkError(thrown, connection)
  }
  if (!hasFinished && !call.signal.aborted) throw unfinishedStream(connection.id)
}
