import { z } from 'zod'
import { explainUpstreamError } from '../explain-upstream-error.ts'
import { ModelError } from '../model-error.ts'
import { ChatUsage, finishReason, tokenCounts } from './chat-chunk.ts'
import { type AnswerFacts, hearContent } from '../attempt/answer-facts.ts'

export interface ChunkRewriter {
  /** Complete SSE events in, the events for the client out; may be empty. */
  rewrite(events: string): string
  /** What to throw after the events that came before it. */
  failure(): unknown
  isDone(): boolean
}

const UsageChunk = z.object({
  choices: z.array(z.unknown()).nullish(),
  // Counts that cannot be are as good as none.
  usage: ChatUsage.nullish().catch(undefined),
  error: z.unknown().optional(),
})

/** In JSON text a quote inside a string is escaped, so these match keys and never content. */
const modelField = /"model"\s*:\s*"(?:[^"\\]|\\.)*"/
const usageField = /"usage"\s*:\s*\{/
const emptyUsage = /,\s*"usage"\s*:\s*null/
const errorField = /"error"\s*:\s*[{"]/
const finishField = /"finish_reason"\s*:\s*"([a-z_]+)"/
/** Written so that a long text is passed in one step: alternatives would be remembered for each of its characters. */
const contentField = /"(?:content|reasoning_content|reasoning|refusal|arguments)"\s*:\s*"(?!")([^"\\]*(?:\\.[^"\\]*)*)"/
const seenField = /"(?:content|reasoning_content|reasoning|refusal)"\s*:\s*"[^"]|"tool_calls"\s*:\s*\[\s*\{/
const idField = /"id"\s*:\s*"([^"]*)"/

/**
 * Rewrites the events of an upstream stream as text: the model id becomes the public one, usage the client did not ask for is taken
 * out, and comments are dropped. Throws ModelError for an error event.
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

  const rewriteData = (data: string): string => {
    if (data === '[DONE]') {
      isDone = true
      return facts.finishReason === undefined ? '' : 'data: [DONE]\n\n'
    }
    requireJson(data, provider)
    note(facts, data)
    if (usageField.test(data) || errorField.test(data)) {
      const chunk = parseChunk(data, provider)
      if (chunk.error != null) throw explainUpstreamError({ provider, error: chunk.error })
      if (chunk.usage != null) facts.tokens = tokenCounts(chunk.usage)
      if (!keepsUsage && (chunk.choices?.length ?? 0) === 0) return ''
    }
    // A function as replacement: a "$" in a model's name must stay one.
    const renamed = data.replace(modelField, () => model)
    return `data: ${keepsUsage ? renamed : renamed.replace(emptyUsage, '')}\n\n`
  }

  return {
    rewrite(events) {
      let rewritten = ''
      for (const event of events.split('\n\n')) {
        const data = dataOf(event)
        if (data === '') continue
        try {
          rewritten += rewriteData(data)
        } catch (thrown) {
          // Content that came in the same piece still goes out; without any the failure comes before the first byte.
          if (rewritten === '' || facts.contentChars === 0) throw thrown
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
  if (event.startsWith('data: ') && !event.includes('\n')) return event.slice(6)
  return event
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n')
}

function note(facts: AnswerFacts, data: string): void {
  facts.responseId ??= idField.exec(data)?.[1]
  facts.hasContent ||= seenField.test(data)
  const content = contentField.exec(data)?.[1]
  if (content !== undefined) hearContent(facts, content.includes('\\') ? unescaped(content) : content)
  const reason = finishField.exec(data)?.[1]
  if (reason !== undefined) facts.finishReason = finishReason(reason)
}

function unescaped(content: string): string {
  return String(JSON.parse(`"${content}"`))
}

function requireJson(data: string, provider: string): void {
  try {
    JSON.parse(data)
  } catch (cause) {
    throw new ModelError('upstream_error', `${provider} sent a chunk that is not valid JSON`, { isRetryable: true, cause })
  }
}

function parseChunk(data: string, provider: string): z.infer<typeof UsageChunk> {
  try {
    return UsageChunk.parse(JSON.parse(data))
  } catch (cause) {
    throw new ModelError('upstream_error', `${provider} sent a chunk that is no chat completion chunk`, { cause })
  }
}
