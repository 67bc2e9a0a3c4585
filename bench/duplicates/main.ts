import { setDuplicatesBehind } from '@weft/retrieval'
import { type Collection, findCollection } from '@weft/retrieval/testing'
import { type Document, scoreByWords } from '../answer-sentences/rank-by-words.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/duplicates/main.ts`: what setting duplicates behind does to what is found, in collections as they are and with every document lying in two
 * files. No mesh is started.
 */
const names = ['musique100', 'scifact', 'anthropic_codebase']
const shown = 10
const looked = 20

const load = watchLoad()
const rows = names.flatMap((name) => {
  const collection = findCollection(name)
  return collection === undefined ? [] : [measure(collection, 'as it is', []), measure(collection, 'each in two files', ['copy'])]
})
recordResults({ name: 'duplicates', title: 'The same text in several files', load, body: describe() })

function measure({ name, documents, queries, judgements }: Collection, kind: string, copies: string[]): string[] {
  const originals = documents.map(({ _id: id, title, text }) => ({ id, title, text }))
  const further = copies.flatMap((mark) => originals.map(({ id, title, text }) => ({ id: `${id} ${mark}`, title, text })))
  const score = scoreByWords([...originals, ...further])
  const sums = { keep: 0, suppress: 0, distinctKept: 0, distinct: 0, changed: 0, asked: 0 }
  for (const { _id, text } of queries) {
    const gold = judgements.get(_id)
    if (gold === undefined) continue
    const found = score(text)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, looked)
      .map(({ document, score: own }) => ({ ...document, score: own }))
    const [kept, suppressed] = [found, setDuplicatesBehind(found, (hit) => hit.text)].map(idsOf)
    if (kept === undefined || suppressed === undefined) continue
    sums.asked += 1
    sums.keep += ndcg10(kept, gold)
    sums.suppress += ndcg10(suppressed, gold)
    sums.distinctKept += new Set(kept).size
    sums.distinct += new Set(suppressed).size
    if (kept.join() !== suppressed.join()) sums.changed += 1
  }
  const mean = (sum: number, digits: number) => (sum / Math.max(1, sums.asked)).toFixed(digits)
  return [
    `${name}, ${kind}`,
    String(sums.asked),
    mean(sums.keep, 4),
    mean(sums.suppress, 4),
    mean(sums.distinctKept, 1),
    mean(sums.distinct, 1),
    String(sums.changed),
  ]
}

/** A copy counts as what it is a copy of. */
function idsOf(hits: Pick<Document, 'id'>[]): string[] {
  return hits.slice(0, shown).map(({ id }) => id.split(' ')[0] ?? '')
}

function ndcg10(found: string[], gold: Map<string, number>): number {
  const seen = new Set<string>()
  const grades = found.map((id) => (seen.has(id) || !seen.add(id) ? 0 : (gold.get(id) ?? 0)))
  return discounted(grades) / discounted([...gold.values()].toSorted((a, b) => b - a).slice(0, shown))
}

function discounted(grades: number[]): number {
  return grades.reduce((sum, grade, index) => sum + grade / Math.log2(index + 2), 0)
}

function describe(): string {
  const head = [
    'collection',
    'questions',
    'nDCG@10 kept',
    '**behind**',
    'documents in ten, kept',
    '**behind**',
    'lists that changed',
  ]
  return `${markdownTable(head, rows)}\n\nThe best ${looked} by words (BM25 in memory), of which ${shown} are shown. A second file with the same text counts once.`
}
