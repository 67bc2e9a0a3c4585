import { isRecord } from '@weft/contracts'
import { type AnswerFacts, noAnswer, startOfContent } from '../attempt/answer-facts.ts'
import { noteChoices } from './choice-facts.ts'

/** What surrounds the text in a chunk. Most chunks of a stream differ only in their text, so once one was parsed, only the text has to be cut out of the others. */
export interface ChunkTemplate {
  /** The text of a chunk with these surroundings; undefined for any other chunk, and for text that JSON has to escape. */
  textOf(chunk: string): string | undefined
  /** The chunk with this text, as the client gets it. */
  fill(text: string): string
}

const beforeText = /"content"\s*:\s*(?=")/
const jsonString = /"(?:[^"\\]|\\.)*"/y
/** Text without quotes, backslashes and control characters: JSON writes it as it is. */
const plainText = /^[ !#-[\]-\uffff]+$/
/** Takes the place of the text while a chunk is rewritten. It cannot occur in JSON. */
const mark = '\0'

/**
 * The template of a chunk that says nothing but text: no end, no usage, no error, no other content. Undefined for any other chunk. `rewrite` turns the chunk's
 * data into what the client gets; `chunkOf` turns data into a chunk as it came, so that a template fits chunks that come in the same form.
 */
export function learnTemplate(
  data: string,
  { rewrite, chunkOf }: { rewrite(data: string): string; chunkOf(data: string): string },
): ChunkTemplate | undefined {
  const found = beforeText.exec(data)
  if (found === null) return undefined
  jsonString.lastIndex = found.index + found[0].length
  const start = data.slice(0, jsonString.lastIndex)
  if (!jsonString.test(data)) return undefined
  const end = data.slice(jsonString.lastIndex)
  if (!saysOnlyText(`${start}"text"${end}`)) return undefined
  const marked = `${start}"${mark}"${end}`
  const [head = '', tail = ''] = chunkOf(marked).split(mark)
  const [before = '', after = ''] = rewrite(marked).split(mark)
  return {
    textOf(chunk) {
      if (!chunk.startsWith(head) || !chunk.endsWith(tail)) return undefined
      const text = chunk.slice(head.length, chunk.length - tail.length)
      return plainText.test(text) ? text : undefined
    },
    fill: (text) => before + text + after,
  }
}

function saysOnlyText(data: string): boolean {
  const chunk: unknown = JSON.parse(data)
  if (!isRecord(chunk) || chunk.error != null || chunk.usage != null) return false
  const facts: AnswerFacts = noAnswer()
  noteChoices(facts, chunk.choices, 'delta')
  return startOfContent(facts) === 'text' && facts.finishReason === undefined
}
