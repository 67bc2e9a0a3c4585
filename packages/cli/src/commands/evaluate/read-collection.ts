import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { usageError } from '../client/explain-failure.ts'
import { countRelevant, type Grades } from './core/rank-metrics.ts'
import type { Span } from './core/span-metrics.ts'
import { checkMarkedSpans } from './marked-spans.ts'
import { type CollectionDocument, readDocuments } from './read-documents.ts'
import { type Judgements, readJudgements } from './read-judgements.ts'
import { type Question, readQuestions } from './read-questions.ts'

/** A question and its right results. `isAnswerable` is undefined when nothing was judged. */
export type JudgedQuestion = {
  id: string
  text: string
  grades: Grades
  /** The marked text, as offsets in the document's own text. */
  marked: Span[]
  isAnswerable: boolean | undefined
}

/** A gold set: documents, questions, and how well each document answers each question. */
export type Collection = {
  name: string
  /** A hash of the documents alone. */
  contentHash: string
  documents: CollectionDocument[]
  questions: JudgedQuestion[]
  /** What is odd but was accepted, in words. */
  notes: string[]
}

/**
 * Reads a folder in BEIR's layout: `corpus.jsonl`, `queries.jsonl`, and `qrels.tsv` or `qrels/test.tsv`. Throws with file and line for what is wrong. With
 * `withDocuments: false` the documents are already in a store, and `corpus.jsonl` is not looked at.
 */
export async function readCollection(folder: string, { withDocuments }: { withDocuments: boolean }): Promise<Collection> {
  await requireFolder(folder)
  const corpus = withDocuments ? await readDocuments(folder) : { documents: [], contentHash: '' }
  const questions = await readQuestions(folder)
  const judgements = await readJudgements(folder)
  if (withDocuments) checkMarkedSpans(questions, corpus.documents)

  const documentIds = withDocuments ? new Set(corpus.documents.map(({ id }) => id)) : undefined
  const questionIds = new Set(questions.map(({ id }) => id))
  return {
    name: basename(resolve(folder)),
    ...corpus,
    questions: questions.map(({ id, text, marked, isAnswerable }) => {
      const grades: Grades = judgements.gradesOf.get(id) ?? new Map()
      return { id, text, marked, grades, isAnswerable: isAnswerable ?? (countRelevant(grades) > 0 ? true : undefined) }
    }),
    notes: [...judgements.dangling({ documentIds, questionIds }), ...contradictions(questions, judgements)],
  }
}

/** Whether a question has an answer. One that is said to have none has none, whatever was judged. */
function contradictions(questions: readonly Question[], { file, gradesOf }: Judgements): string[] {
  const answered = questions.filter(
    ({ id, isAnswerable }) => isAnswerable === false && countRelevant(gradesOf.get(id) ?? new Map()) > 0,
  )
  if (answered[0] === undefined) return []
  const first = answered[0].place.number
  return [
    `${answered.length} questions say "answerable": false, though ${file} has a document that answers them (the first: line ${first} of queries.jsonl)`,
  ]
}

async function requireFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch(() => undefined)
  if (stats?.isDirectory() !== true) throw usageError(`${folder} is no folder: name one that holds a collection`)
}
