import { isRecord } from '@weft/contracts'
import { type AnswerFacts, noAnswer } from '../attempt/answer-facts.ts'
import { noteChoices } from './choice-facts.ts'

/** What stands around a chunk's text. Most chunks of a stream differ in their text alone: once one was parsed, of the others only the text has to be. */
export interface ChunkTemplate {
  /** The text of a chunk with these surroundings as a JSON string; undefined for any other chunk, and for text with escapes in it. */
  textOf(data: string): string | undefined
  /** The chunk of this JSON string as the client gets it. */
  fill(text: string): string
}

const beforeText = /"content"\s*:\s*(?=")/
const jsonString = /"(?:[^"\\]|\\.)*"/y
const plainString = /^"[^"\\]+"$/
/** Stands for the text while a chunk is rewritten: no JSON holds it. */
const mark = '\0'

/**
 * The template of a chunk that says nothing but text: no end, no usage, no error, no other content; undefined for any other chunk. `rewrite` makes of a
 * chunk what the client gets.
 */
export function learnTemplate(data: string, rewrite: (data: string) => string): ChunkTemplate | undefined {
  const found = beforeText.exec(data)
  if (found === null) return undefined
  jsonString.lastIndex = found.index + found[0].length
  const head = data.slice(0, jsonString.lastIndex)
  if (!jsonString.test(data)) return undefined
  const tail = data.slice(jsonString.lastIndex)
  if (!saysOnlyText(`${head}"text"${tail}`)) return undefined
  const [before = '', after = ''] = rewrite(head + mark + tail).split(mark)
  return {
    textOf(chunk) {
      if (!chunk.startsWith(head) || !chunk.endsWith(tail)) return undefined
      const text = chunk.slice(head.length, chunk.length - tail.length)
      return plainString.test(text) ? text : undefined
    },
    fill: (text) => before + text + after,
  }
}

function saysOnlyText(data: string): boolean {
  const chunk: unknown = JSON.parse(data)
  if (!isRecord(chunk) || chunk.error != null || chunk.usage != null) return false
  const facts: AnswerFacts = noAnswer()
  noteChoices(facts, chunk.choices, 'delta')
  return facts.contentStart === 'text' && facts.finishReason === undefined
}
