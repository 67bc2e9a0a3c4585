import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { usageError } from '../client/explain-failure.ts'
import { parseLine } from './parse-line.ts'
import { badLine, readLines } from './read-lines.ts'

/** A document. `partOf` is the text that it is a part of, from `metadata.doc_id`. */
export type CollectionDocument = { id: string; title: string; text: string; partOf?: string | undefined }

/** The longest id, because it becomes an attribute of a file. */
export const DocumentId = z.coerce.string().min(1).max(512)

const DocumentLine = z.looseObject({
  _id: DocumentId,
  title: z
    .string()
    .nullish()
    .transform((title) => title ?? ''),
  text: z.string(),
  metadata: z.looseObject({ doc_id: DocumentId.optional() }).nullish(),
})

/** Change this when documents are made into files differently, so that stores of earlier versions are not used. */
const loadedAs = 'heading and text, 2'

const file = 'corpus.jsonl'

export async function readDocuments(folder: string): Promise<{ documents: CollectionDocument[]; contentHash: string }> {
  const lines = await readLines(folder, file)
  if (lines === undefined)
    throw usageError(`no ${join(folder, file)}: name a folder with corpus.jsonl, queries.jsonl and qrels.tsv`)
  const hash = createHash('sha256').update(loadedAs)
  const documents: CollectionDocument[] = []
  const seen = new Map<string, number>()
  for (const line of lines) {
    const place = { file, number: line.number }
    const { _id: id, title, text, metadata } = parseLine(DocumentLine, line.text, place)
    const earlier = seen.get(id)
    if (earlier !== undefined) throw badLine(place, `_id "${id}" is already that of line ${earlier}`)
    seen.set(id, line.number)
    const partOf = metadata?.doc_id
    hash.update(JSON.stringify([id, title, text, partOf]))
    documents.push({ id, title, text, partOf })
  }
  if (documents.length === 0) throw badLine({ file, number: 1 }, 'holds no document')
  return { documents, contentHash: hash.digest('hex').slice(0, 12) }
}
