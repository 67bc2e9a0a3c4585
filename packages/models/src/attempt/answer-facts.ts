import type { FinishReason, ModelEvent, TokenCounts } from '../model-event.ts'

/** What is learned of an answer while it is passed on. */
export interface AnswerFacts {
  tokens?: TokenCounts | undefined
  finishReason?: FinishReason | undefined
  responseId?: string | undefined
  /** The model that the provider says has answered. */
  responseModel?: string | undefined
  /** Characters of content seen, for an estimate when the provider did not count. */
  contentChars: number
  /** The beginning of that content, for the same estimate, without the pieces in `latest`; {@link startOfContent} joins both. */
  contentStart: string
  latest: string[]
  /** Whether anything came that a reader would see: text, thoughts, a refusal, a tool call. */
  hasContent?: boolean
}

/** How much of an answer is kept to be counted. The rest of a longer one is taken to have as many tokens per character. */
const contentStartMax = 16_384
/** Pieces are joined this often: a piece may be a slice that keeps the whole chunk it came in in memory, until it is joined to a text of its own. */
const latestMax = 8

export function noAnswer(): AnswerFacts {
  return { contentChars: 0, contentStart: '', latest: [] }
}

export function hearContent(answer: AnswerFacts, text: string): void {
  const isBeginning = answer.contentChars < contentStartMax
  answer.contentChars += text.length
  if (!isBeginning) return
  answer.latest.push(text)
  if (answer.latest.length < latestMax && answer.contentChars < contentStartMax) return
  answer.contentStart = startOfContent(answer)
  answer.latest = []
}

export function startOfContent({ contentStart, latest }: AnswerFacts): string {
  return contentStart + latest.join('')
}

export function contentOfEvent(event: ModelEvent): string {
  if (event.type === 'text' || event.type === 'reasoning' || event.type === 'refusal') return event.delta
  return event.type === 'tool_call' ? `${event.name ?? ''}${event.argumentsDelta}` : ''
}
