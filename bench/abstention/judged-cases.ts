import { evidenceFeatures, judgeEvidence } from '@weft/retrieval'
import type { Collection } from '@weft/retrieval/testing'
import { scoreByWords } from '../answer-sentences/rank-by-words.ts'
import type { Case } from './fit-logistic.ts'

/** `answerable`: its documents are there; `removed`: they were taken away; `foreign`: it is asked of another collection. */
export type CaseKind = 'answerable' | 'removed' | 'foreign'

export interface JudgedCase extends Case {
  collection: string
  kind: CaseKind
  /** As Weft judges it now. */
  probability: number
}

/** As many as the retrieval agent hands on. */
const passagesCount = 8
const foreignMax = 150

/** Every judged question asked of its collection, of its collection without what answers it, and of the other collections. */
export function casesOf(collections: Collection[]): JudgedCase[] {
  return collections.flatMap((collection) => {
    const find = finder(collection)
    const judged = questionsOf(collection).flatMap(({ text, gold }) => [
      caseOf(collection.name, 'answerable', { text, passages: find(text, new Set()) }),
      caseOf(collection.name, 'removed', { text, passages: find(text, gold) }),
    ])
    const foreign = collections
      .filter((other) => other !== collection)
      .flatMap((other) => questionsOf(other).slice(0, foreignMax))
      .map(({ text }) => caseOf(collection.name, 'foreign', { text, passages: find(text, new Set()) }))
    return [...judged, ...foreign]
  })
}

type Passages = Parameters<typeof evidenceFeatures>[1]

function caseOf(collection: string, kind: CaseKind, { text, passages }: { text: string; passages: Passages }): JudgedCase {
  const { coverage, coverageOfAll, words } = evidenceFeatures(text, passages)
  const probability = judgeEvidence(text, passages)
  return { collection, kind, values: [coverage, coverageOfAll, words], label: kind === 'answerable' ? 1 : 0, probability }
}

function questionsOf({ queries, judgements }: Collection): { text: string; gold: Set<string> }[] {
  return queries.flatMap(({ _id, text }) => {
    const gold = judgements.get(_id)
    return gold === undefined ? [] : [{ text, gold: new Set(gold.keys()) }]
  })
}

function finder({ documents }: Collection): (text: string, without: Set<string>) => Passages {
  const score = scoreByWords(documents.map(({ _id: id, title, text }) => ({ id, title, text })))
  return (text, without) =>
    score(text)
      .filter((found) => found.score > 0 && !without.has(found.document.id))
      .toSorted((left, right) => right.score - left.score)
      .slice(0, passagesCount)
      .map((found) => ({ text: found.document.text, title: found.document.title, bm25: found.score }))
}
