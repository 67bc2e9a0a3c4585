import { buildAnswerPrompt, createModels, noEvidencePhrase, offlineModelId } from '@weft/models'
import { findCollection } from '@weft/retrieval/testing'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'
import { claimsWithEvidence, type JudgedQuestion, passagesCount, questionsWithAnswer } from './judged-questions.ts'

/**
 * `node bench/answer-sentences/main.ts [show]`: which sentences the offline model cites, from passages that hold the answer. Nothing is searched and no
 * mesh is started. `show` prints the answers in which none is right.
 */
const isShowing = process.argv.includes('show')
/** What the same questions came to before kinds of questions, kin words and bridges counted, at 08d9716. */
const before =
  'Before (08d9716), in the same order: SciFact .995, .335, .622, .173, 3.82; musique100 .960, .100, .230, .063, 4.12. MuSiQue’s first sentence is rarely the one: it begins a chain of two to four.'
const models = createModels({ settings: {}, telemetry: { logger: { info: () => undefined } } })
const load = watchLoad()
const scifact = findCollection('scifact')
const musique = findCollection('musique100')
const rows: (string | number)[][] = []
if (scifact !== undefined) rows.push(await measure('SciFact: a sentence marked as evidence', claimsWithEvidence(scifact)))
if (musique !== undefined) rows.push(await measure('musique100: a sentence that holds the answer', questionsWithAnswer(musique)))
await models.stop()
recordResults({ name: 'answer-sentences', title: 'Sentences the offline model cites', load, body: describe() })

async function measure(name: string, questions: JudgedQuestion[]): Promise<(string | number)[]> {
  let [answered, first, any, cited, right, ms] = [0, 0, 0, 0, 0, 0]
  for (const question of questions) {
    const startedAtMs = performance.now()
    const text = await answer(question)
    ms += performance.now() - startedAtMs
    if (text.startsWith(noEvidencePhrase)) {
      show(question, text)
      continue
    }
    const judged = citedSentences(text).map(question.isRight)
    answered += 1
    cited += judged.length
    right += judged.filter(Boolean).length
    first += judged[0] === true ? 1 : 0
    any += judged.includes(true) ? 1 : 0
    if (!judged.includes(true)) show(question, text)
  }
  const share = (count: number, of: number) => (count / Math.max(1, of)).toFixed(3)
  const n = questions.length
  return [name, n, share(answered, n), share(first, n), share(any, n), share(right, cited), (cited / n).toFixed(2), ms / n]
}

async function answer({ text: question, passages }: JudgedQuestion): Promise<string> {
  const sources = passages.map(({ title, text }, index) => ({ id: index + 1, title, text }))
  const asked = { model: offlineModelId, messages: buildAnswerPrompt({ question, sources }) }
  const { text } = await models.complete(asked, { scope: { tenant: 'bench', agent: 'bench' } })
  return text
}

/** What stands before each marker; a conflict quotes its two sentences. */
function citedSentences(text: string): string[] {
  return [...text.matchAll(/(.+?)\s*\[\d+\]/g)].map(([, said = '']) => (said.split('“').at(-1) ?? '').replace(/”$/, ''))
}

function show({ text: question }: JudgedQuestion, text: string): void {
  if (isShowing) console.log(`${question}\n    ${text}\n`)
}

function describe(): string {
  const head = [
    'right is',
    'questions',
    'answered',
    '**first cited is right**',
    '**any is**',
    'of all cited',
    'cited',
    'ms an answer',
  ]
  return `${markdownTable(head, rows)}\n\nEvery question with ${passagesCount} passages: the best by BM25, the judged ones always among them. Shares of all questions; “of all cited” of the sentences. ${before}`
}
