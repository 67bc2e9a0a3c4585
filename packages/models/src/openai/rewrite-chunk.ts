import { isRecord } from '@weft/contracts'
import { type AnswerFacts, hearContent } from '../attempt/answer-facts.ts'
import { ModelError } from '../model-error.ts'
import { explainUpstreamError } from '../upstream/explain-upstream-error.ts'
import { ChatUsage, tokenCounts } from './chat-chunk.ts'
import { noteChoices } from './choice-facts.ts'
import { type ChunkTemplate, learnTemplate } from './chunk-template.ts'
import { createChunkMender } from './mend-chunk.ts'

export interface ChunkRewriter {
  /** Turns whole SSE events into those for the client; may answer none. */
  rewrite(events: string): string
  /** An error to throw once the events that came before it are sent. */
  failure(): unknown
  isDone(): boolean
}

/** These match keys and never content, because in JSON a quote within a string is escaped. */
const modelField = /"model"\s*:\s*"(?:[^"\\]|\\.)*"/
const emptyUsage = /,\s*"usage"\s*:\s*null/

/** How many templates are tried for a stream. None fits when all chunks differ, as with padding that hides their length. */
const learnedMax = 3

/**
 * Rewrites the events of an upstream stream as text: the model's id becomes the public one, usage that the client did not ask for and comments are removed, and what
 * clients insist on is added. Throws ModelError for an error event.
 */
export function createChunkRewriter(options: {
  publicId: string
  provider: string
  keepsUsage: boolean
  facts: AnswerFacts
}): ChunkRewriter {
  const { provider, keepsUsage, facts } = options
  const model = `"model":${JSON.stringify(options.publicId)}`
  let isDone = false
  let failure: unknown
  let template: ChunkTemplate | undefined
  let learned = 0

  const toEvent = (data: string): string => {
    // Replaced by a function, so that a "$" in a model's name stays one.
    const renamed = data.replace(modelField, () => model)
    return `data: ${keepsUsage ? renamed : renamed.replace(emptyUsage, '')}\n\n`
  }
  const mend = createChunkMender()

  /** Rewrites an event that differs only in its text from one that was read; undefined for any other. */
  const fillTemplate = (event: string): string | undefined => {
    const text = template?.textOf(event)
    if (text === undefined) return undefined
    facts.hasContent = true
    hearContent(facts, text)
    return template?.fill(text)
  }

  const rewriteEvent = (event: string): string => {
    const data = dataOf(event)
    if (data === '') return ''
    if (data === '[DONE]') {
      isDone = true
      return facts.finishReason === undefined ? '' : 'data: [DONE]\n\n'
    }
    const chunk = parseChunk(data, provider)
    if (chunk.error != null) throw explainUpstreamError({ provider, error: chunk.error })
    noteChoices(facts, chunk.choices, 'delta')
    if (typeof chunk.id === 'string') facts.responseId ??= chunk.id
    if (typeof chunk.model === 'string') facts.responseModel ??= chunk.model
    if (chunk.usage != null) {
      // A count that cannot be right is read as none.
      const usage = ChatUsage.safeParse(chunk.usage)
      if (usage.success) facts.tokens = tokenCounts(usage.data)
      if (!keepsUsage && !hasChoices(chunk)) return ''
    }
    if (learned < learnedMax && facts.hasContent === true) {
      learned += 1
      const chunkOf = (each: string) => event.replace(data, () => each)
      template = learnTemplate(data, { rewrite: toEvent, chunkOf }) ?? template
    }
    return toEvent(mend(chunk) ? JSON.stringify(chunk) : data)
  }

  return {
    rewrite(events) {
      let rewritten = ''
      for (let at = 0; at < events.length; ) {
        const end = events.indexOf('\n\n', at)
        const event = end < 0 ? events.slice(at) : events.slice(at, end + 2)
        at += event.length
        try {
          rewritten += fillTemplate(event) ?? rewriteEvent(event)
        } catch (thrown) {
          // Content that came before it in the same piece is still sent. Without any, the failure is thrown before the first byte.
          if (rewritten === '' || facts.hasContent !== true) throw thrown
          failure = thrown
          break
        }
      }
      return rewritten
    },
    failure: () => failure,
    isDone: () => isDone,
  }
}

function dataOf(event: string): string {
  if (event.startsWith('data: ') && event.indexOf('\n') === event.length - 2) return event.slice(6, -2)
  return (
    event
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).trimStart())
      // Joined by a space, which means the same in JSON: a line break would end the client's event.
      .join(' ')
  )
}

function hasChoices({ choices }: Record<string, unknown>): boolean {
  return Array.isArray(choices) && choices.length > 0
}

function parseChunk(data: string, provider: string): Record<string, unknown> {
  const chunk = parse(data, provider)
  if (isRecord(chunk)) return chunk
  throw new ModelError('upstream_error', `${provider} sent a chunk that is no chat completion chunk`, { isRetryable: true })
}

function parse(data: string, provider: string): unknown {
  try {
    return JSON.parse(data)
  } catch (cause) {
    throw new ModelError('upstream_error', `${provider} sent a chunk that is not valid JSON`, { isRetryable: true, cause })
  }
}
