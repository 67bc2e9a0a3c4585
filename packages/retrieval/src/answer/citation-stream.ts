import type { Citation, Passage } from '@weft/contracts'
import { codePointLength } from '../text/code-points.ts'
import { createCodeTracker } from '../text/code-tracker.ts'
import { sentenceEnds } from '../text/sentences.ts'
import { indexSupport } from './find-support.ts'
import { quotedBrackets } from './quoted-brackets.ts'

/** A quote that is to be verified: it supports a claim, and has its code point offsets in the stored text of the file. */
export type Quote = Omit<Citation, 'index' | 'verified' | 'sourceChanged'>

/** Answers each quote as it is in the store, or undefined for one that the store does not have at that place. */
export type VerifyQuotes = (quotes: Quote[]) => Promise<(Quote | undefined)[]>

/**
 * Turns a model's text with markers like `[2]` or `[1, 3]` (numbers of passages) into text whose markers are verified citations, numbered in
 * the order of their first use. All that `push` and `end` answer, joined, is the new text. A marker is left out and counted in `unsupported` when the passage does
 * not support its sentence, or when its quote cannot be verified.
 */
export type CitationStream = {
  /** Answers the text that may go out now. Only what may become a marker, and the space before it, waits for more. Calls must not overlap. */
  push(delta: string): Promise<string>
  end(): Promise<string>
  readonly citations: Citation[]
  readonly unsupported: number
}

export function createCitationStream(input: { passages: Passage[]; verify: VerifyQuotes; question?: string }): CitationStream {
  const state: State = { said: '', clauseStart: 0, claims: [], held: '', space: '', citations: [], unsupported: 0 }
  const code = createCodeTracker()
  const support = indexSupport(input.passages, input.question)
  const source: Source = { ...input, support }
  const isQuoted = quotedBrackets(input.passages)

  async function push(delta: string): Promise<string> {
    let out = ''
    for (const letter of delta) out += await take(letter)
    return out
  }

  async function take(letter: string): Promise<string> {
    if (state.held !== '') {
      const held = state.held + letter
      if (isMarker(held) && !isQuoted(state.said, held)) {
        state.held = ''
        return await replaceMarker(state, held, source)
      }
      if (mayBecomeMarker(held)) {
        state.held = held
        return ''
      }
      return release() + (await take(letter))
    }
    if (letter === '[' && !code.isInCode()) {
      state.held = letter
      return ''
    }
    return say(letter)
  }

  /** Lets out what was held: it turned out to be no marker. */
  function release(): string {
    const held = state.held
    state.held = ''
    let out = ''
    for (const letter of held) out += say(letter)
    return out
  }

  function say(letter: string): string {
    code.see(letter)
    state.said += code.isInFence() ? '\n\n' : letter
    const out = state.space + (letter === ' ' ? '' : letter)
    state.space = letter === ' ' ? ' ' : ''
    return out
  }

  async function end(): Promise<string> {
    const isCutMarker = /^\[\s*\d/.test(state.held)
    if (isCutMarker) state.held = ''
    const out = release() + state.space
    state.space = ''
    return out
  }

  return {
    push,
    end,
    get citations() {
      return state.citations
    },
    get unsupported() {
      return state.unsupported
    },
  }
}

type State = {
  /** The answer so far, without markers. Fenced code is replaced by blank lines, which end a sentence. */
  said: string
  /** Where in `said` the text after the last marker begins. */
  clauseStart: number
  /** The claims that the last marker was checked against, which a marker directly after it shares. */
  claims: string[]
  held: string
  space: string
  citations: Citation[]
  unsupported: number
}

type Source = { passages: Passage[]; verify: VerifyQuotes; support: ReturnType<typeof indexSupport> }

function isMarker(held: string): boolean {
  return /^\[\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*\]$/.test(held)
}

/** Longer than a marker with all passages of a prompt. */
const markerLengthMax = 120

function mayBecomeMarker(held: string): boolean {
  return held.length <= markerLengthMax && /^\[[\d\s,;]*$/.test(held) && !held.includes('\n')
}

async function replaceMarker(state: State, marker: string, source: Source): Promise<string> {
  const numbers = [...new Set(Array.from(marker.matchAll(/\d+/g), ([digits]) => Number(digits)))]
  state.claims = claimsOf(state, source.support.hasTerms)
  state.clauseStart = state.said.length
  const quotes = numbers.map((number) => quoteOf(number, state.claims, source))
  const found = quotes.filter((quote) => quote !== undefined)
  const verified = (found.length === 0 ? [] : await source.verify(found)).filter((quote) => quote !== undefined)
  state.unsupported += numbers.length - verified.length
  const indices = [...new Set(verified.map((quote) => indexOf(state.citations, quote)))]
  const out = indices.length === 0 ? '' : state.space + indices.map((index) => `[${index}]`).join('')
  state.space = ''
  return out
}

/**
 * The claims that a marker may support: the part of the sentence after the previous marker, then the whole sentence. A marker after a full stop supports the
 * sentence before it.
 */
function claimsOf(state: State, hasTerms: (text: string) => boolean): string[] {
  const clause = lastSentence(state.said.slice(Math.max(state.clauseStart, state.said.length - claimLengthMax)), hasTerms)
  if (clause === '') return state.claims
  const sentence = lastSentence(state.said.slice(-claimLengthMax), hasTerms)
  return clause === sentence ? [clause] : [clause, sentence]
}

const claimLengthMax = 2_000

function lastSentence(text: string, hasTerms: (text: string) => boolean): string {
  let start = 0
  let last = ''
  for (const end of sentenceEnds(text, 0, text.length)) {
    const sentence = text.slice(start, end).trim()
    if (hasTerms(sentence)) last = sentence
    start = end
  }
  return last
}

function quoteOf(number: number, claims: string[], source: Source): Quote | undefined {
  const passage = source.passages[number - 1]
  const candidates = claims.length === 0 ? [''] : claims
  for (const claim of candidates) {
    const span = passage === undefined ? undefined : source.support.find(number, claim)
    if (passage === undefined || span === undefined) continue
    const quote = passage.text.slice(span.start, span.end)
    const start = passage.start + codePointLength(passage.text.slice(0, span.start))
    const { fileId, filename, page } = passage
    const score = Math.round(span.score * 1_000) / 1_000
    return { fileId, filename, quote, start, end: start + codePointLength(quote), score, ...(page === undefined ? {} : { page }) }
  }
  return undefined
}

/** The number of a citation, which it gets when it is first used. */
function indexOf(citations: Citation[], quote: Quote): number {
  const known = citations.find((each) => each.fileId === quote.fileId && each.start === quote.start && each.end === quote.end)
  if (known !== undefined) return known.index
  const index = citations.length + 1
  citations.push({ index, ...quote, verified: true })
  return index
}
