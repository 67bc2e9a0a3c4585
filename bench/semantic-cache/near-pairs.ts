import { createHash } from 'node:crypto'
import { saysTheSame } from '@weft/models'
import { type Collection, findCollection } from '@weft/retrieval/testing'
import { rewordedQuestions } from './reworded-questions.ts'

/** Two questions, and whether one answer does for both. */
export interface Pair {
  kind: 'reworded' | 'near miss, written' | 'claims on one abstract' | 'claims of like words'
  left: string
  right: string
  isSame: boolean
  /** Of the half that thresholds are chosen on; the figures stated are of the other half. */
  isChoosing: boolean
}

/** Claims that share so many of their words look like the same one, and hardly ever are. */
const sharedWordsMin = 0.5

/** The pairs written for this, and pairs of SciFact's claims: with other words for the same finding they are none, so all of them count as near misses. */
export function nearPairs(): Pair[] {
  const written = rewordedQuestions.flatMap(({ question, same, other }): Pair[] => [
    { kind: 'reworded', left: question, right: same, isSame: true, isChoosing: isChoosing(question) },
    { kind: 'near miss, written', left: question, right: other, isSame: false, isChoosing: isChoosing(question) },
  ])
  const scifact = findCollection('scifact')
  return scifact === undefined ? written : [...written, ...claimPairs(scifact)]
}

/** All pairs of different claims and of different questions: how many there are, and those that say the same by the words of the cache. */
export function crowdedPairs(): { pairs: number; alike: [string, string][] } {
  const alike: [string, string][] = []
  let pairs = 0
  for (const name of ['scifact', 'musique100']) {
    const texts = [...new Set(findCollection(name)?.queries.map(({ text }) => text) ?? [])]
    for (const [at, left] of texts.entries()) {
      const others = texts.slice(at + 1)
      pairs += others.length
      alike.push(...others.filter((right) => saysTheSame(left, right)).map((right): [string, string] => [left, right]))
    }
  }
  return { pairs, alike }
}

function claimPairs({ queries, judgements }: Collection): Pair[] {
  const pairs: Pair[] = []
  for (const [at, { _id: leftId, text: left }] of queries.entries()) {
    for (const { _id: rightId, text: right } of queries.slice(at + 1)) {
      const isOnOne = [...(judgements.get(leftId)?.keys() ?? [])].some((document) => judgements.get(rightId)?.has(document))
      const isAlike = sharedWords(left, right) >= sharedWordsMin
      if (!isOnOne && !isAlike) continue
      const kind = isAlike ? 'claims of like words' : 'claims on one abstract'
      pairs.push({ kind, left, right, isSame: false, isChoosing: isChoosing(left) })
    }
  }
  return pairs
}

function sharedWords(left: string, right: string): number {
  const [a, b] = [wordsOf(left), wordsOf(right)]
  const shared = [...a].filter((word) => b.has(word)).length
  return shared / (a.size + b.size - shared)
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
}

function isChoosing(question: string): boolean {
  return (createHash('sha256').update(question).digest()[0] ?? 0) % 2 === 0
}
