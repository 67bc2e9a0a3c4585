import { rewriteQuery } from '@weft/retrieval'
import { type Collection, findCollection } from '@weft/retrieval/testing'
import { rankByWords } from '../answer-sentences/rank-by-words.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'
import { changesOfTopic, claimsOnOneAbstract, type FollowUp, partsOfQuestions } from './conversations.ts'

/**
 * `node bench/follow-ups/main.ts [show]`: how well questions of a conversation find their documents as they are asked, rewritten by rules, and as their
 * author wrote them out. No mesh is started. `show` prints every question.
 */
const isShowing = process.argv.includes('show')
const load = watchLoad()
const rows: string[][] = []
measureCollection('musique100', { 'MuSiQue, part after part': partsOfQuestions, 'MuSiQue, another topic': changesOfTopic })
measureCollection('scifact', { 'SciFact, claims on one abstract': claimsOnOneAbstract, 'SciFact, another topic': changesOfTopic })
recordResults({ name: 'follow-ups', title: 'Questions that go on from a conversation', load, body: describe() })

type Conversations = Record<string, (collection: Collection) => FollowUp[]>

function measureCollection(name: string, conversations: Conversations): void {
  const collection = findCollection(name)
  if (collection === undefined) return
  const byWords = rankByWords(collection.documents.map(({ _id: id, title, text }) => ({ id, title, text })))
  const rank = (query: string) => byWords(query, 10).map(({ id }) => id)
  for (const [title, make] of Object.entries(conversations)) rows.push(measure(title, make(collection), rank))
}

function measure(title: string, followUps: FollowUp[], rank: (query: string) => string[]) {
  const sums = { asked: 0, rewritten: 0, full: 0 }
  let changed = 0
  for (const { asked, earlier, full, gold } of followUps) {
    const rewritten = rewriteQuery(asked, earlier)
    if (rewritten !== asked) changed += 1
    if (isShowing) console.log(`${earlier.map(({ text }) => text).join(' / ')} | ${asked} → ${rewritten}`)
    sums.asked += ndcg10(rank(asked), gold)
    sums.rewritten += ndcg10(rank(rewritten), gold)
    sums.full += ndcg10(rank(full), gold)
  }
  const mean = (sum: number) => (sum / Math.max(1, followUps.length)).toFixed(3)
  return [title, String(followUps.length), mean(sums.asked), mean(sums.rewritten), mean(sums.full), String(changed)]
}

function ndcg10(found: string[], gold: Map<string, number>): number {
  const ideal = [...gold.values()].toSorted((a, b) => b - a).slice(0, 10)
  return discounted(found.map((id) => gold.get(id) ?? 0)) / discounted(ideal)
}

function discounted(grades: number[]): number {
  return grades.reduce((sum, grade, index) => sum + grade / Math.log2(index + 2), 0)
}

function describe(): string {
  const head = [
    'conversations',
    'questions',
    'nDCG@10 as asked',
    '**rewritten by rules**',
    'written out by the author',
    'changed',
  ]
  return `${markdownTable(head, rows)}\n\nThe question alone is searched for, by words (BM25 over whole documents, in memory). “Part after part”: the parts of MuSiQue’s questions, each with “it”, “they” or “there” in the place of the
answer before; the rules were made with these in view. “Another topic”: a question after one that has nothing to do with it, which nothing may be done to.`
}
