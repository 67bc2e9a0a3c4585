import type { ServerResponse } from 'node:http'
import { toApiError } from '../core/api-error.ts'
import type { Log } from '../log.ts'
import { foreseen, logUnforeseen } from './answer-errors.ts'
import type { SseStream } from './sse-stream.ts'

export interface FailingStream {
  sse: SseStream
  response: ServerResponse
  logger: Pick<Log, 'error'>
}

/** A failure mid-stream is an event of its own and no `[DONE]`; before the first byte it is thrown on, to be an ordinary error answer. */
export function failStream({ sse, response, logger }: FailingStream, thrown: unknown): void {
  if (!sse.hasStarted) throw thrown
  if (response.destroyed) return
  const { body } = toApiError(foreseen(thrown))
  if (body.error.code === 'internal_error') logUnforeseen(logger, response, thrown)
  void sse.send({ data: JSON.stringify(body) })
  sse.end()
}
