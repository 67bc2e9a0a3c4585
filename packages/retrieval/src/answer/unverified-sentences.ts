import { createCodeTracker } from '../text/code-tracker.ts'
import { contentTerms } from '../text/content-terms.ts'
import { sentenceEnds } from '../text/sentences.ts'

/** What happens to a sentence that no passage supports; `keep` leaves it as it is. */
export type Unverified = 'keep' | 'mark' | 'drop'

/** Put after a sentence that nothing supports. */
const unverifiedMark = '[unverified]'

/**
 * Passes an answer on sentence by sentence. All that `push` and `end` answer, joined, is the new text; `changed` counts sentences that were marked or left
 * out.
 */
export type SentenceGate = { push(text: string): string; end(): string; readonly changed: number }

export interface GateOptions {
  unverified: Unverified
  /** Whether a sentence needs no source, because it is about the search itself. */
  isExempt(sentence: string): boolean
  /** An answer that begins like this states nothing, and so is passed on as it is. */
  noEvidencePhrase: string
}

/**
 * Marks or leaves out the sentences of a text that have no citation; the citations of the text must have been verified before. A sentence is held until the next
 * one begins, because its citation may follow its full stop, but never more than {@link heldCharsMax} characters are. Code, headings, questions and sentences that
 * announce what follows state nothing, and so pass.
 */
export function createSentenceGate({ unverified, isExempt, noEvidencePhrase }: GateOptions): SentenceGate {
  const code = createCodeTracker()
  let held = ''
  let hasBegun = false
  let isOpen = unverified === 'keep'
  let changed = 0

  function push(text: string): string {
    if (isOpen) return text
    held += text
    if (!hasBegun) {
      if (held.length < noEvidencePhrase.length && noEvidencePhrase.startsWith(held)) return ''
      hasBegun = true
      isOpen = held.startsWith(noEvidencePhrase)
      if (isOpen) return releaseAll()
    }
    const whole = finishedSentences(held)
    if (whole.length === 0 && held.length > heldCharsMax) whole.push(held)
    held = held.slice(whole.reduce((length, sentence) => length + sentence.length, 0))
    return whole.map(pass).join('')
  }

  function releaseAll(): string {
    const all = held
    held = ''
    return all
  }

  function pass(sentence: string): string {
    const wasCode = code.isInFence()
    for (const letter of sentence) code.see(letter)
    if (wasCode || code.isInFence() || /```|~~~/.test(sentence) || !needsSource(sentence) || isExempt(sentence.trim()))
      return sentence
    changed += 1
    const said = sentence.trimEnd()
    const space = sentence.slice(said.length)
    if (unverified === 'mark') return `${said} ${unverifiedMark}${space}`
    return space.includes('\n') ? space : ''
  }

  return {
    push,
    end() {
      if (isOpen) return releaseAll()
      const rest = withMarkers(splitSentences(held))
      held = ''
      return rest.map(pass).join('')
    },
    get changed() {
      return changed
    },
  }
}

/** The same length as that of the longest claim that a citation is checked against. */
const heldCharsMax = 2_000

function needsSource(sentence: string): boolean {
  const text = sentence.trim()
  if (citation.test(text) || /[:?]$/.test(text) || /^#{1,6}\s/.test(text)) return false
  return contentTerms(text).length > 0
}

const citation = /\[\d{1,3}\]/
const leadingCitations = /^\s*(?:\[\d{1,3}\]\s*)+/

/** All sentences after which another one has begun. */
function finishedSentences(text: string): string[] {
  const sentences = withMarkers(splitSentences(text))
  const last = sentences.at(-1) ?? ''
  // What begins with a bracket may become a citation of the sentence before.
  return /^\s*(?:\[\d*\]?)?$/.test(last) ? sentences.slice(0, -2) : sentences.slice(0, -1)
}

function splitSentences(text: string): string[] {
  let start = 0
  return [...sentenceEnds(text, 0, text.length)].map((end) => {
    const sentence = text.slice(start, end)
    start = end
    return sentence
  })
}

/** Moves citations at the beginning of a sentence to the end of the sentence before, which they belong to. */
function withMarkers(sentences: string[]): string[] {
  const joined: string[] = []
  for (const sentence of sentences) {
    const markers = joined.length === 0 ? '' : (leadingCitations.exec(sentence)?.[0] ?? '')
    if (markers !== '') joined[joined.length - 1] += markers
    const rest = sentence.slice(markers.length)
    if (rest !== '') joined.push(rest)
  }
  return joined
}
