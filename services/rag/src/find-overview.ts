import type { Passage } from '@weft/contracts'
import { contentTerms, type NamedDocument, type SearchRequest } from '@weft/retrieval'

export interface OverviewTools {
  /** The first passage of each document of the stores, of all of the tenant's where none is named. */
  readOpenings(request: Pick<SearchRequest, 'tenant' | 'vectorStoreIds'> & { documentsMax: number }): Promise<{
    passages: Passage[]
    documents: number
  }>
  /** Documents whose file's name has one of the words as a part, the shortest names first. */
  findByName(
    request: Pick<SearchRequest, 'tenant' | 'vectorStoreIds'> & { words: string[]; documentsMax: number },
  ): Promise<NamedDocument[]>
  /** Passages from all parts of a document, in their order. */
  readSpread(document: Pick<Passage, 'vectorStoreId' | 'fileId'> & { tenant: string; passagesMax: number }): Promise<Passage[]>
  /** Told of what is read instead of a search: these stores expire later, too. */
  onRead(read: Pick<SearchRequest, 'tenant' | 'vectorStoreIds'>): void
}

/** More openings do not fit a prompt of usual size. */
const documentsMax = 16

export interface Overview {
  passages: Passage[]
  /** Documents that no passage is of. */
  leftOut: number
}

/** How all documents of the stores begin. */
export async function openingsOf(
  { readOpenings }: OverviewTools,
  { tenant, vectorStoreIds }: Pick<SearchRequest, 'tenant' | 'vectorStoreIds'>,
): Promise<Overview> {
  const { passages, documents } = await readOpenings({ tenant, vectorStoreIds, documentsMax })
  return { passages, leftOut: documents - passages.length }
}

/** Names that a word of the topic is a part of; the shortest ones are likeliest meant. */
const namedMax = 200
/** A document is named by at least this share of the topic's words. */
const namedShareMin = 0.5

/** Passages from all parts of the document that a topic names by its file's name, of several the one with most of its words; undefined: it names none. */
export async function spreadOf(
  { findByName, readSpread }: OverviewTools,
  {
    tenant,
    vectorStoreIds,
    topic,
    passagesMax,
  }: Pick<SearchRequest, 'tenant' | 'vectorStoreIds'> & { topic: string; passagesMax: number },
): Promise<Overview | undefined> {
  const asked = [...new Set(contentTerms(topic))]
  if (asked.length === 0) return undefined
  let best: { document: NamedDocument; shared: number } | undefined
  for (const document of await findByName({ tenant, vectorStoreIds, words: asked, documentsMax: namedMax })) {
    const name = new Set(contentTerms(document.filename))
    const shared = asked.filter((word) => name.has(word)).length
    if (shared >= asked.length * namedShareMin && shared > (best?.shared ?? 0)) best = { document, shared }
  }
  if (best === undefined) return undefined
  const { vectorStoreId, fileId } = best.document
  const passages = await readSpread({ tenant, vectorStoreId, fileId, passagesMax })
  return passages.length === 0 ? undefined : { passages, leftOut: 0 }
}
