import { type AgentEvent, type Citation, hasCode, type Passage } from '@weft/contracts'
import { createCitationStream, type VerifyQuotes } from './citation-stream.ts'
import { createSentenceGate, type Unverified } from './unverified-sentences.ts'

export interface CitedText {
  question: string
  /** Numbered from 1, as the model was given them. */
  passages: Passage[]
  verify: VerifyQuotes
  /** Gets what the answer has to be marked with. */
  degraded: Set<string>
  /** How a sentence begins that tells a conflict between passages. */
  conflictPhrase: string
  /** How an answer begins that found nothing in the passages. */
  noEvidencePhrase: string
  /** Of an answer's sentences that no passage supports; default: they are kept. */
  unverified?: Unverified | undefined
  /** Sentences that tell of the search and need no source. */
  isAboutSearch?(sentence: string): boolean
  /** Told, of an answer that cites, which share of its citations could be verified. */
  onCited?(verifiedShare: number): void
}

type Emit = (event: AgentEvent) => void

/**
 * Says a model's text as the answer of a step: every delta as it comes, then the result. Only citations that were read again from
 * the store go out; while the database cannot be asked, none do, and the answer says why.
 */
export async function sayCitedAnswer(deltas: AsyncIterable<string>, answer: CitedText, emit: Emit): Promise<void> {
  const { degraded, noEvidencePhrase } = answer
  const { text, citations } = await sayCited(deltas, answer, emit)
  if (citations.length === 0 || text.startsWith(noEvidencePhrase)) degraded.add('no_evidence')
  emit({ type: 'result', output: outputOf(text, degraded), citations, confidence: meanScore(citations) })
}

/** Says a model's text that may cite passages and need not: the result is the caller's. */
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

/** How a passage is named to a model. */
export function passageTitle({ filename, heading, page }: Passage): string {
  return [filename, heading, page === undefined ? undefined : `page ${page}`]
    .filter((part) => part !== undefined && part !== '')
    .join(' — ')
}

/** A passage as a model reads it, numbered as citations number the passages. */
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

/** How well the passages an answer cites fit its question, 0 where it cites none. */
export function meanScore(citations: Citation[]): number {
  return citations.length === 0 ? 0 : citations.reduce((sum, { score }) => sum + score, 0) / citations.length
}
