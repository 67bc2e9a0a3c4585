import { join } from 'node:path'
import { usageError } from '../client/explain-failure.ts'
import { badLine, type Line, type Place, readLines } from './read-lines.ts'

export type Judgements = {
  /** The path below the collection's folder. */
  file: string
  /** The grade of each judged document, by question. */
  gradesOf: Map<string, Map<string, number>>
  /** Notes on judgements about something that the collection does not have. They are accepted, as in trec_eval. */
  dangling(known: { documentIds: ReadonlySet<string> | undefined; questionIds: ReadonlySet<string> }): string[]
}

type Judgement = { question: string; document: string; grade: number; line: number }

/** The files that may have the judgements; the first that exists is read. The second is that of the collections that BEIR publishes. */
const files = ['qrels.tsv', 'qrels/test.tsv'] as const

export async function readJudgements(folder: string): Promise<Judgements> {
  const { file, lines } = await firstOf(folder)
  const judgements = [...lines].flatMap((line) => parseJudgement(line, file) ?? [])
  const gradesOf = new Map<string, Map<string, number>>()
  for (const { question, document, grade, line } of judgements) {
    const grades = gradesOf.get(question) ?? new Map<string, number>()
    if (grades.has(document)) throw badLine({ file, number: line }, `question "${question}" judges "${document}" a second time`)
    gradesOf.set(question, grades.set(document, grade))
  }
  return { file, gradesOf, dangling: (known) => describeDangling({ judgements, file }, known) }
}

async function firstOf(folder: string): Promise<{ file: string; lines: Iterable<Line> }> {
  for (const file of files) {
    const lines = await readLines(folder, file)
    if (lines !== undefined) return { file, lines }
  }
  const path = join(folder, files[0])
  throw usageError(`no ${path}, nor ${files[1]} as BEIR has it: what answers what, a line each: query-id, corpus-id, score`)
}

/** Whether a line is BEIR's header, which the first line may be. */
function parseJudgement({ text, number }: Line, file: string): Judgement | undefined {
  const place: Place = { file, number }
  const columns = text.split('\t').map((column) => column.trim())
  const [question, document, score] = columns
  if (question === undefined || document === undefined || score === undefined || columns.length !== 3) {
    throw badLine(place, `has ${columns.length} columns instead of 3, parted by tabs: query-id, corpus-id, score`)
  }
  if (/^-?\d{1,9}$/.test(score) && question !== '' && document !== '') {
    return { question, document, grade: Math.max(0, Number(score)), line: number }
  }
  if (number === 1 && /score/i.test(score)) return undefined
  throw badLine(place, question === '' || document === '' ? 'an id is empty' : `the score "${score}" is not a whole number`)
}

function describeDangling(
  { judgements, file }: { judgements: readonly Judgement[]; file: string },
  { documentIds, questionIds }: Parameters<Judgements['dangling']>[0],
): string[] {
  const ofNoDocument = documentIds === undefined ? [] : judgements.filter(({ document }) => !documentIds.has(document))
  const ofNoQuestion = judgements.filter(({ question }) => !questionIds.has(question))
  const describe = (found: readonly Judgement[], what: string) =>
    found[0] === undefined ? [] : [`${found.length} lines of ${file} ${what} (the first: line ${found[0].line})`]
  return [
    ...describe(ofNoDocument, 'judge a document that is not in corpus.jsonl and count as not found'),
    ...describe(ofNoQuestion, 'are of a question that is not in queries.jsonl and are left out'),
  ]
}
