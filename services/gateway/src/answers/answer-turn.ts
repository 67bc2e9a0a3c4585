import type { ServerResponse } from 'node:http'
import type { TurnOutput } from '../core/turn-output.ts'
import {
  type CompletionIdentity,
  completionBody,
  deltaChunk,
  finishChunk,
  finishReasonOf,
  tokenUsage,
  toolCallChunks,
  usageChunk,
  usedTokens,
  weftAnswer,
} from '../core/completion-objects.ts'
import { divergedAnswer, type PauseStyle, type SpokenEnd, speakEnd } from '../core/turn-end.ts'
import { failStream } from '../http/fail-stream.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { createSseStream } from '../http/sse-stream.ts'
import { settleTokens } from '../limits/limited-routes.ts'
import type { Log } from '../log.ts'

export interface AnswerOptions {
  response: ServerResponse
  outputs: AsyncIterable<TurnOutput>
  identity: CompletionIdentity
  place: { sessionId: string; turn: number; traceId: string }
  showsProgress: boolean
  pauses: PauseStyle
  open: OpenAnswer
  logger: Pick<Log, 'error'>
}

/** The stream starts with the first output, at the latest after this. A failure before it starts is answered with an HTTP status of its own. */
const startWithinMs = 1_000

/** Answers a turn as a chat completion stream: role, progress as reasoning, the answer's text, one finish chunk, `[DONE]`. */
export async function streamTurn(options: AnswerOptions): Promise<void> {
  const { response, identity, open, logger } = options
  const sse = createSseStream(response, open)
  let hasRole = false
  let hasText = false
  const begin = async () => {
    if (hasRole) return
    hasRole = true
    await sse.send({ data: deltaChunk(identity, { role: 'assistant', content: '' }) })
  }
  const timer = setTimeout(() => void begin(), startWithinMs)
  try {
    for await (const output of options.outputs) {
      if (output.type === 'progress' && !options.showsProgress) continue
      // Throws for a turn that failed, so it comes before anything is sent: one that fails at once is answered with its status.
      const messages = messagesOf(options, output, hasText)
      hasText ||= output.type === 'text'
      await begin()
      for (const data of messages) await sse.send({ data })
    }
    const reason = open.endReason()
    if (reason !== undefined) throw reason
    sse.end()
  } catch (thrown) {
    failStream({ sse, response, logger }, thrown)
  } finally {
    clearTimeout(timer)
  }
}

function messagesOf(options: AnswerOptions, output: TurnOutput, hasText: boolean): string[] {
  const { identity, place, pauses } = options
  switch (output.type) {
    case 'progress':
      return [deltaChunk(identity, { reasoning_content: `${output.line}\n` })]
    case 'text':
      return [deltaChunk(identity, { content: output.delta })]
    case 'search':
      return []
    case 'diverged':
      throw divergedAnswer(place.sessionId)
    case 'end': {
      const end = speakEnd(place.sessionId, output.end, pauses)
      const notice = end.notice === '' ? [] : [deltaChunk(identity, { content: hasText ? `\n\n${end.notice}` : end.notice })]
      settleTokens(options.response, usedTokens(end.answer.usage))
      const usage = identity.includesUsage ? [usageChunk(identity, tokenUsage(end.answer.usage))] : []
      const calls = end.isToolCall ? toolCallChunks(identity, end.approvals) : []
      const finish = { weft: weftAnswer(place, end), reason: finishReasonOf(end) }
      return [...notice, ...calls, finishChunk(identity, finish), ...usage, '[DONE]']
    }
  }
}

/** Answers a turn as one JSON body. */
export async function answerTurnWhole(options: AnswerOptions): Promise<void> {
  const progress: string[] = []
  for await (const output of options.outputs) {
    if (output.type === 'progress' && options.showsProgress && progress.length < progressLinesMax) progress.push(output.line)
    if (output.type === 'end') return sendWhole(options, speakEnd(options.place.sessionId, output.end, options.pauses), progress)
  }
  const reason = options.open.endReason()
  if (reason !== undefined) throw reason
}

const progressLinesMax = 500

function sendWhole({ response, identity, place }: AnswerOptions, end: SpokenEnd, progress: string[]): void {
  const text = end.notice === '' ? end.answer.text : [end.answer.text, end.notice].filter((part) => part !== '').join('\n\n')
  settleTokens(response, usedTokens(end.answer.usage))
  const body = completionBody(identity, text, {
    usage: tokenUsage(end.answer.usage),
    reasoning: progress.join('\n'),
    weft: weftAnswer(place, end),
    reason: finishReasonOf(end),
  })
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(JSON.stringify(body))
}
