import { codePointSlicer } from './core/code-points.ts'
import type { CollectionDocument } from './read-documents.ts'
import { badLine } from './read-lines.ts'
import type { MarkedSpan, Question } from './read-questions.ts'

/** Throws, naming the question's line, for a marked span that is not in its document, or does not have the text that it says. */
export function checkMarkedSpans(questions: readonly Question[], documents: readonly CollectionDocument[]): void {
  if (questions.every(({ marked }) => marked.length === 0)) return
  const texts = new Map(documents.map(({ id, text }) => [id, text]))
  const slicers = new Map<string, ReturnType<typeof codePointSlicer>>()
  for (const { marked, place } of questions) {
    for (const span of marked) {
      const text = texts.get(span.document)
      if (text === undefined) throw badLine(place, `metadata.corpus_id: no document "${span.document}" in corpus.jsonl`)
      const slice = slicers.get(span.document) ?? codePointSlicer(text)
      slicers.set(span.document, slice)
      const problem = problemOf(span, slice(span.start, span.end))
      if (problem !== undefined) throw badLine(place, problem)
    }
  }
}

function problemOf({ document, start, end, content }: MarkedSpan, found: string | undefined): string | undefined {
  if (found === undefined) return `metadata.references: ${start} to ${end} is past the end of document "${document}"`
  if (content === undefined || content === found) return undefined
  return `metadata.references: ${start} to ${end} of document "${document}" is not the text given as its content`
}
