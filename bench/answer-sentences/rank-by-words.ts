import { contentTerms } from '@weft/retrieval'

export interface Document {
  id: string
  title: string
  text: string
}

/** k1 and b as Weft's own search has them. */
const k1 = 1.2
const b = 0.75

/** BM25 over whole documents in memory: enough to find passages that come near a question, without a database. */
export function rankByWords(documents: Document[]): (question: string, count: number) => Document[] {
  const score = scoreByWords(documents)
  return (question, count) =>
    score(question)
      .toSorted((left, right) => right.score - left.score)
      .slice(0, count)
      .map(({ document }) => document)
}

/** The BM25 score of every document. */
export function scoreByWords(documents: Document[]): (question: string) => { document: Document; score: number }[] {
  const counted = documents.map(({ title, text }) => countTerms(`${title} ${text}`))
  const holding = new Map<string, number>()
  for (const { counts } of counted) for (const term of counts.keys()) holding.set(term, (holding.get(term) ?? 0) + 1)
  const lengthMean = counted.reduce((sum, { length }) => sum + length, 0) / Math.max(1, counted.length)
  const rarity = (term: string) => {
    const n = holding.get(term) ?? 0
    return Math.log(1 + (documents.length - n + 0.5) / (n + 0.5))
  }
  return (question) => {
    const terms = new Set(contentTerms(question))
    return documents.map((document, index) => {
      const { counts, length } = counted[index] ?? { counts: new Map<string, number>(), length: 0 }
      let score = 0
      for (const term of terms) {
        const tf = counts.get(term) ?? 0
        score += (rarity(term) * tf * (k1 + 1)) / (tf + k1 * (1 - b + (b * length) / lengthMean))
      }
      return { document, score }
    })
  }
}

function countTerms(text: string): { counts: Map<string, number>; length: number } {
  const terms = contentTerms(text)
  const counts = new Map<string, number>()
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
  return { counts, length: terms.length }
}
