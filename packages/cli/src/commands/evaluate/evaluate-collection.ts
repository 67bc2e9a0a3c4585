import { usageError } from '../client/explain-failure.ts'
import type { StoreRef } from '../client/knowledge-api.ts'
import { askQuestions } from './ask-questions.ts'
import { type Choice, chooseFusion, choiceQuestionsMin, fusionCandidates } from './core/choose-fusion.ts'
import { countCodePoints } from './core/code-points.ts'
import { countRelevant } from './core/rank-metrics.ts'
import { sampleInOrder } from './core/seeded-random.ts'
import type { FoundChunk } from './evaluation-api.ts'
import {
  type AnswersReport,
  type EvaluationReport,
  judgeGates,
  reportAnswers,
  reportSettings,
  type SettingReport,
} from './evaluation-report.ts'
import type { EvaluationTools } from './evaluation-tools.ts'
import { checkGates, type Gate } from './gate-option.ts'
import { headingOf, type LoadReport, loadCollection } from './load-collection.ts'
import type { Collection, JudgedQuestion } from './read-collection.ts'
import { runSearches, type SearchCase, type SearchRun } from './run-searches.ts'
import { fusionSetting, type Setting } from './setting-option.ts'

export type EvaluationRequest = {
  collection: Collection
  settings: readonly Setting[]
  /** The store to search; undefined to load the collection's documents into a store of their own. */
  store: StoreRef | undefined
  /** Whether documents that an earlier run loaded are loaded again. */
  isReloaded: boolean
  /** How many questions to search for (default: all), and how many to have answered. */
  queriesMax: number | undefined
  answersMax: number
  gates: readonly Gate[]
  /** Given to try every way to fuse; `isApplied` stores the best one with the vector store. */
  choosing: { isApplied: boolean } | undefined
  seed: number
}

/**
 * Measures search settings, and answers if asked for, on a judged collection. Throws wrong usage, before anything is sent, when the collection cannot show what is asked
 * for.
 */
export async function evaluateCollection(request: EvaluationRequest, tools: EvaluationTools): Promise<EvaluationReport> {
  const { collection, settings, seed, choosing } = request
  const judged = collection.questions.filter(({ grades }) => countRelevant(grades) > 0)
  const questions = sampleInOrder(judged, request.queriesMax ?? judged.length, seed)
  checkRequest(request, questions)
  const place = await prepareStore(request, tools)

  const candidates = choosing === undefined ? [] : [plainHybrid, ...fusionCandidates.map(fusionSetting)]
  const cases = questions.map((question) => searchCase(question, place.shiftOf))
  const runs = await runSearches(cases, {
    ...tools,
    settings: [...settings, ...candidates],
    search: async (query, weft) => (await tools.api.search(place.store.id, { query, weft })).map(spanOf),
  })
  const choice = choosing === undefined ? null : chooseFrom(runs.slice(settings.length), seed)
  if (choice !== null && choosing?.isApplied === true) await applyChoice(choice, place.store, tools)

  const answers = await measureAnswersOf(request, { place, tools })
  const measured = runs.slice(0, settings.length)
  const settingReports = reportSettings(measured, seed)
  return {
    collection: { name: collection.name, documents: place.documents, questions: questions.length, judged: judged.length },
    store: place.store,
    loading: place.loading,
    seed,
    settings: settingReports,
    answers,
    choice: choice === null ? null : { ...choice, isApplied: choosing?.isApplied === true },
    gates: judgeGates(request.gates, { settings: settingReports, answers }),
    notes: [...collection.notes, ...place.notes, ...describeAlike(settingReports), ...describeEmpty(measured)],
  }
}

const plainHybrid: Setting = { name: 'hybrid', weft: { mode: 'hybrid' } }

function checkRequest(
  { collection, settings, gates, answersMax, choosing }: EvaluationRequest,
  questions: JudgedQuestion[],
): void {
  if (questions.length === 0) throw usageError('no question of queries.jsonl has a relevant document in qrels.tsv')
  if (choosing !== undefined && questions.length < choiceQuestionsMin) {
    throw usageError(`--choose needs at least ${choiceQuestionsMin} judged questions; here are ${questions.length}`)
  }
  checkGates(gates, {
    settingNames: settings.map(({ name }) => name),
    hasSpans: collection.questions.some(({ marked }) => marked.length > 0),
    hasAnswers: answersMax > 0,
  })
}

/** The store with the documents, and how its files and offsets are those of the collection. */
type Place = {
  store: StoreRef
  documents: number
  documentOfFile: (fileId: string, filename: string) => string
  /** Where a document's own text begins in the stored text, in code points. */
  shiftOf: (document: string) => number
  loading: LoadReport | null
  notes: string[]
}

async function prepareStore(request: EvaluationRequest, tools: EvaluationTools): Promise<Place> {
  const { collection, store: given } = request
  const loaded = given === undefined ? await loadCollection(request, tools) : undefined
  const store = loaded?.store ?? given
  if (store === undefined) throw new TypeError('a store is given or loaded')
  const stored = await tools.api.listDocuments(store.id)
  const documents = new Map(stored.map(({ fileId, document }) => [fileId, document]))
  const shifts = new Map(
    loaded === undefined ? [] : collection.documents.map((each) => [each.id, countCodePoints(headingOf(each))]),
  )
  return {
    store,
    documents: stored.length,
    documentOfFile: (fileId, filename) => documents.get(fileId) ?? filename,
    shiftOf: (document) => shifts.get(document) ?? 0,
    loading: loaded?.report ?? null,
    notes: loaded === undefined ? describeUnknown(collection, documents) : describeLoading(loaded.report),
  }
}

function describeLoading({ failed, empty }: LoadReport): string[] {
  const [first] = failed
  return [
    ...(first === undefined
      ? []
      : [`${failed.length} documents could not be indexed (the first: ${first.path}: ${first.reason})`]),
    ...(empty === 0 ? [] : [`${empty} documents hold no text and were left out`]),
  ]
}

/**
 * Notes judged documents that are not in the store, because a misspelt id would look like a bad search. Only known when every file of the store names its
 * document.
 */
function describeUnknown({ questions }: Collection, documents: Map<string, string | undefined>): string[] {
  const known = new Set(documents.values())
  if (known.has(undefined)) return []
  const judged = new Set(questions.flatMap(({ grades }) => [...grades.keys()]))
  const [first, ...others] = [...judged].filter((document) => !known.has(document))
  return first === undefined
    ? []
    : [`${others.length + 1} judged documents are not in the store (such as "${first}") and count as not found`]
}

/** Notes when all settings had the same results: a gateway that does not know search settings ignores them silently. */
function describeAlike(settings: readonly SettingReport[]): string[] {
  const others = settings.flatMap(({ differences }) => Object.values(differences ?? {}))
  return others.length > 0 && others.every(({ low, high }) => low === 0 && high === 0)
    ? ['every setting found the same for every question: this server may not know search settings']
    : []
}

/** Notes settings that found nothing: without a model that makes vectors, a search by vectors alone succeeds but finds nothing. */
function describeEmpty(runs: readonly SearchRun[]): string[] {
  const empty = runs.filter(({ foundCount }) => foundCount === 0).map(({ setting }) => `"${setting.name}"`)
  return empty.length === 0
    ? []
    : [`${empty.join(', ')} found nothing for any question: "weft embeddings status" says whether this mesh has vectors`]
}

function searchCase({ text, grades, marked }: JudgedQuestion, shiftOf: Place['shiftOf']): SearchCase {
  const shifted = marked.map(({ document, start, end }) => {
    const shift = shiftOf(document)
    return { document, start: start + shift, end: end + shift }
  })
  return { text, gold: { grades, marked: shifted } }
}

function spanOf({ filename, document = filename, start, end }: FoundChunk) {
  return { document, start, end }
}

const chosenBy = 'ndcg@10'

function chooseFrom([baseline, ...runs]: readonly SearchRun[], seed: number): Choice {
  const candidates = fusionCandidates.map((fusion, index) => ({ ...fusion, values: runs[index]?.values.get(chosenBy) ?? [] }))
  return chooseFusion(candidates, baseline?.values.get(chosenBy) ?? [], seed)
}

/** Stores the choice in the store's metadata, which searches of this store go by unless a request says otherwise. */
async function applyChoice({ fusion, textWeight }: Choice, store: StoreRef, { api }: EvaluationTools): Promise<void> {
  await api.addMetadata(store.id, { 'weft.fusion': fusion, 'weft.text_weight': String(textWeight) })
}

async function measureAnswersOf(
  { collection, answersMax, seed }: EvaluationRequest,
  { place, tools }: { place: Place; tools: EvaluationTools },
): Promise<AnswersReport | null> {
  if (answersMax === 0) return null
  const askable = collection.questions.filter(({ grades, isAnswerable }) => isAnswerable === false || countRelevant(grades) > 0)
  const questions = sampleInOrder(askable, answersMax, seed)
  return reportAnswers(await askQuestions(questions, { storeId: place.store.id, ...place, tools }), seed)
}
