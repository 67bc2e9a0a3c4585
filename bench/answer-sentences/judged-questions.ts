import type { Collection } from '@weft/retrieval/testing'
import { z } from 'zod'
import { type Document, rankByWords } from './rank-by-words.ts'

/** A question with the passages to answer it from, and a judge of what is cited. */
export interface JudgedQuestion {
  text: string
  passages: Document[]
  /** Whether a cited sentence holds what was asked for. */
  isRight(sentence: string): boolean
}

/** As many as the retrieval agent hands on. */
export const passagesCount = 8

const Evidence = z.record(z.string(), z.array(z.object({ sentences: z.array(z.int()) })))
const Sentences = z.object({ sentences: z.array(z.string()) })

/** SciFact's claims that have evidence: right is a sentence its judges marked. */
export function claimsWithEvidence(collection: Collection): JudgedQuestion[] {
  const documents = new Map(collection.documents.map((document) => [document._id, document]))
  const passages = passagesOf(collection)
  return collection.queries.flatMap(({ _id, text, metadata }) => {
    const evidence = Object.entries(Evidence.parse(metadata)).flatMap(([id, marked]) => {
      const { sentences } = Sentences.parse(documents.get(id)?.metadata ?? { sentences: [] })
      return marked.flatMap((each) => each.sentences.map((index) => plain(sentences[index] ?? '')))
    })
    if (evidence.length === 0) return []
    const isRight = (sentence: string) => evidence.some((gold) => areSame(plain(sentence), gold))
    return [{ text, passages: passages(_id, text), isRight }]
  })
}

const Answers = z.object({ answer: z.string(), answer_aliases: z.array(z.string()).default([]) })

/** MuSiQue's questions: right is a sentence that holds the answer's words. */
export function questionsWithAnswer(collection: Collection): JudgedQuestion[] {
  const passages = passagesOf(collection)
  return collection.queries.map(({ _id, text, metadata }) => {
    const { answer, answer_aliases } = Answers.parse(metadata)
    const answers = [answer, ...answer_aliases].map((each) => ` ${words(each)} `)
    const isRight = (sentence: string) => answers.some((each) => ` ${words(sentence)} `.includes(each))
    return { text, passages: passages(_id, text), isRight }
  })
}

/** The best passages by words; those judged relevant that are not among them take the place of the last. */
function passagesOf({ documents, judgements }: Collection): (id: string, text: string) => Document[] {
  const all = documents.map(({ _id: id, title, text }) => ({ id, title, text }))
  const rank = rankByWords(all)
  const byId = new Map(all.map((document) => [document.id, document]))
  return (id, text) => {
    const best = rank(text, passagesCount)
    const absent = [...(judgements.get(id)?.keys() ?? [])].filter((each) => !best.some((document) => document.id === each))
    return [...best.slice(0, passagesCount - absent.length), ...absent.flatMap((each) => byId.get(each) ?? [])]
  }
}

function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.:;]$/, '')
}

/** Two ways of cutting a text into sentences may leave one a part of the other. */
function areSame(left: string, right: string): boolean {
  return left.length > 10 && (left.includes(right) || right.includes(left))
}

function words(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ')
}
