import { join } from 'node:path'
import { knowledgeLimits } from '@weft/contracts'
import { z } from 'zod'
import { usageError } from '../client/explain-failure.ts'
import type { Span } from './core/span-metrics.ts'
import { parseLine } from './parse-line.ts'
import { DocumentId } from './read-documents.ts'
import { badLine, type Place, readLines } from './read-lines.ts'

export type MarkedSpan = Span & { content: string | undefined }

export type Question = {
  id: string
  text: string
  marked: MarkedSpan[]
  /** What the collection says; most say nothing. */
  isAnswerable: boolean | undefined
  place: Place
}

const QuestionLine = z.looseObject({
  _id: DocumentId,
  text: z.string().trim().min(1).max(knowledgeLimits.queryCharsMax),
  metadata: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((metadata) => metadata ?? {}),
})

/** Marked text in the format of Chroma's chunking evaluation: offsets in the document `corpus_id`. */
const MarkedText = z.looseObject({
  corpus_id: DocumentId,
  references: z.array(
    z
      .looseObject({ content: z.string().optional(), start_index: z.int().nonnegative(), end_index: z.int().positive() })
      .refine(({ start_index: start, end_index: end }) => start < end, { message: 'ends before it begins' }),
  ),
})

const file = 'queries.jsonl'

export async function readQuestions(folder: string): Promise<Question[]> {
  const lines = await readLines(folder, file)
  if (lines === undefined) throw usageError(`no ${join(folder, file)}: the questions, a line each {"_id", "text"}`)
  const questions: Question[] = []
  const seen = new Map<string, number>()
  for (const line of lines) {
    const place = { file, number: line.number }
    const { _id: id, text, metadata } = parseLine(QuestionLine, line.text, place)
    const earlier = seen.get(id)
    if (earlier !== undefined) throw badLine(place, `_id "${id}" is already that of line ${earlier}`)
    seen.set(id, line.number)
    const isAnswerable = answerable(metadata, place)
    questions.push({ id, text, marked: markedSpans(metadata, place), isAnswerable, place })
  }
  return questions
}

function answerable(metadata: Record<string, unknown>, place: Place): boolean | undefined {
  const said = metadata.answerable
  if (said == null || typeof said === 'boolean') return said ?? undefined
  throw badLine(place, 'metadata.answerable: has to be true or false')
}

function markedSpans(metadata: Record<string, unknown>, place: Place): MarkedSpan[] {
  if (!Array.isArray(metadata.references) || metadata.corpus_id === undefined) return []
  const parsed = MarkedText.safeParse(metadata)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw badLine(place, `metadata.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`)
  }
  const { corpus_id: document, references } = parsed.data
  return references.map(({ content, start_index: start, end_index: end }) => ({ document, start, end, content }))
}
