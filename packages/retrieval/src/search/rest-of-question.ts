import { contentTerms } from '../text/content-terms.ts'

/**
 * The question without the words that the passage has: what is left is still to be found. A second search with all words would find the neighbours of that
 * passage again.
 */
export function restOfQuestion(question: string, passage: string): string {
  const met = new Set(contentTerms(passage))
  return question
    .split(/\s+/)
    .filter((word) => {
      const terms = contentTerms(word)
      return terms.length === 0 || !terms.every((term) => met.has(term))
    })
    .join(' ')
}
