import { type AgentEvent, type Citation, hasCode, type Passage } from '@weft/contracts'
import { createCitationStream, type VerifyQuotes } from './citation-stream.ts'
import { createSentenceGate, type Unverified } from './unverified-sentences.ts'

export interface CitedText {
  question: string
  /** Numbered from 1, as the model was given them. */
  passages: Passage[]
  verify: VerifyQuotes
  /** The marks of the answer are added here. */
  degraded: Set<string>
  /** The beginning of a sentence that reports a conflict between passages. */
  conflictPhrase: string
  /** The beginning of an answer that found nothing in the passages. */
  noEvidencePhrase: string
  /** What happens to sentences that no passage supports; default: `keep`. */
  unverified?: Unverified | undefined
  /** Whether a sentence is about the search itself, and so needs no source. */
  isAboutSearch?(sentence: string): boolean
  /** Called once for an answer that has citations, with the share of them that could be verified. */
  onCited?(verifiedShare: number): void
}

type Emit = (event: AgentEvent) => void

/**
 * Sends a model's text as the answer of a step: every delta as it comes, then the result. Only citations that were read again from the store are sent. While the
 * database does not answer none are, and the answer is marked with that.
 */
export async function sayCitedAnswer(deltas: AsyncIterable<string>, answer: CitedText, emit: Emit): Promise<void> {
  const { degraded, noEvidencePhrase } = answer
  const { text, citations } = await sayCited(deltas, answer, emit)
  if (citations.length === 0 || text.startsWith(noEvidencePhrase)) degraded.add('no_evidence')
  emit({ type: 'result', output: outputOf(text, degraded), citations, confidence: meanScore(citations) })
}

/** Sends a model's text, whose citations are optional, delta by delta. Sending a result is left to the caller. */
export async function sayCited(
  deltas: AsyncIterable<string>,
  answer: CitedText,
  emit: Emit,
): Promise<{ text: string; citations: Citation[] }> {
  const { question, passages, verify, degraded, conflictPhrase, noEvidencePhrase, unverified = 'keep' } = answer
  const stream = createCitationStream({ passages, verify: tolerant(verify, degraded), question })
  const gate = createSentenceGate({ unverified, noEvidencePhrase, isExempt: answer.isAboutSearch ?? (() => false) })
  let text = ''
  const say = (delta: string) => {
    text += delta
    if (delta !== '') emit({ type: 'text', delta })
  }
  for await (const delta of deltas) say(gate.push(await stream.push(delta)))
  say(gate.push(await stream.end()) + gate.end())
  const { citations, unsupported } = stream
  if (citations.length + unsupported > 0) answer.onCited?.(citations.length / (citations.length + unsupported))
  if (unsupported > 0) degraded.add('unsupported_citation')
  if (gate.changed > 0) degraded.add(unverified === 'drop' ? 'unverified_dropped' : 'unverified_marked')
  if (gate.changed > 0 && text.trim() === '') say(`${noEvidencePhrase} for what could be answered.`)
  if (text.includes(conflictPhrase)) degraded.add('conflicting_sources')
  return { text, citations }
}

function outputOf(text: string, degraded: Set<string>): { text: string; degraded?: string[] } {
  return { text, ...(degraded.size === 0 ? {} : { degraded: [...degraded] }) }
}

/** The name by which a model is shown a passage. */
export function passageTitle({ filename, heading, page }: Passage): string {
  return [filename, heading, page === undefined ? undefined : `page ${page}`]
    .filter((part) => part !== undefined && part !== '')
    .join(' — ')
}

/** A passage as a model reads it, with the number by which the model cites it. */
export function promptSourceOf(passage: Passage, index: number): { id: number; title: string; text: string } {
  return { id: index + 1, title: passageTitle(passage), text: passage.text }
}

function tolerant(verify: VerifyQuotes, degraded: Set<string>): VerifyQuotes {
  return async (quotes) => {
    try {
      return await verify(quotes)
    } catch (thrown) {
      if (!hasCode(thrown, 'dependency_unavailable', 'timeout')) throw thrown
      degraded.add('database_unavailable')
      return []
    }
  }
}

/** The mean score of an answer's citations; 0 without any. */
export function meanScore(citations: Citation[]): number {
  return citations.length === 0 ? 0 : citations.reduce((sum, { score }) => sum + score, 0) / citations.length
}
