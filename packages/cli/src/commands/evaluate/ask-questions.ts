import { runBounded } from '../client/run-bounded.ts'
import { progressBar } from '../client/terminal.ts'
import { codePointSlicer } from './core/code-points.ts'
import type { JudgedAnswer } from './core/measure-answers.ts'
import type { EvaluationTools } from './evaluation-tools.ts'
import type { JudgedQuestion } from './read-collection.ts'

/** How many questions are asked at once: enough to keep a model busy, and few enough for one on this machine. */
const answersMax = 4

/** How many texts are kept in memory to compare quotes with. */
const textsMax = 50

type Asking = { storeId: string; documentOfFile: (fileId: string, filename: string) => string; tools: EvaluationTools }

/** Asks `weft/search` and checks every quote: whether it is from a relevant document, and whether it is there character by character. */
export async function askQuestions(
  questions: readonly JudgedQuestion[],
  { storeId, documentOfFile, tools }: Asking,
): Promise<{ answers: JudgedAnswer[]; failures: string[] }> {
  const { api, terminal } = tools
  const sliceOf = keepTexts((fileId) => api.readText(storeId, fileId))
  const answers: JudgedAnswer[] = []
  const failures: string[] = []
  let asked = 0
  await runBounded(questions.entries(), answersMax, async ([index, { text, grades, isAnswerable = true }]) => {
    const answer = await api.ask(storeId, text)
    if (answer.outcome === 'failed') failures.push(answer.reason)
    const citations: JudgedAnswer['citations'] = []
    for (const { fileId, filename, quote, start, end } of answer.outcome === 'failed' ? [] : answer.citations) {
      const slice = await sliceOf(fileId)
      const isRelevant = (grades.get(documentOfFile(fileId, filename)) ?? 0) > 0
      citations.push({ isRelevant, isVerbatim: slice(start, end) === quote })
    }
    answers[index] = { isAnswerable, outcome: answer.outcome, citations }
    asked += 1
    terminal.showProgress(`asking ${progressBar(asked, questions.length)}`)
  })
  return { answers, failures }
}

type Slice = ReturnType<typeof codePointSlicer>

function keepTexts(readText: (fileId: string) => Promise<string>): (fileId: string) => Promise<Slice> {
  const kept = new Map<string, Promise<Slice>>()
  return (fileId) => {
    const known = kept.get(fileId)
    if (known !== undefined) return known
    const [oldest] = kept.keys()
    if (kept.size >= textsMax && oldest !== undefined) kept.delete(oldest)
    const read = readText(fileId).then(codePointSlicer)
    kept.set(fileId, read)
    return read
  }
}
