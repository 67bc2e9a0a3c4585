import { performance } from 'node:perf_hooks'
import { createKnowledgeApi } from '../../client/knowledge-api.ts'
import { createTerminal } from '../../client/terminal.ts'
import { type EvaluationRequest, evaluateCollection } from '../evaluate-collection.ts'
import { createEvaluationApi } from '../evaluation-api.ts'
import type { EvaluationReport } from '../evaluation-report.ts'
import type { Collection, JudgedQuestion } from '../read-collection.ts'
import { defaultSettings } from '../setting-option.ts'
import type { FakeGateway } from './fake-gateway.ts'

/** A small collection: an id that is no file name, a title, and a character of two code units. */
export const documents = [
  { id: 'moon/1', title: 'Moon', text: `The moon 🌕 pulls the sea. ${'Nothing else is said here. '.repeat(4)}Tides follow.` },
  { id: 'rain', title: '', text: 'Rain falls on the hills.' },
  { id: 'wind', title: '', text: 'Wind moves the sand.' },
]

/** A question for which nothing was judged. */
export function question(id: string, text: string, more: Partial<JudgedQuestion> = {}): JudgedQuestion {
  return { id, text, grades: new Map(), marked: [], isAnswerable: true, ...more }
}

export const questions = [
  question('q1', 'what pulls the sea', { grades: new Map([['moon/1', 1]]) }),
  question('q2', 'what falls on hills', { grades: new Map([['rain', 1]]) }),
  question('q3', 'what moves sand', { grades: new Map([['wind', 1]]) }),
]

export const collection: Collection = { name: 'weather', contentHash: 'c0ffee', documents, questions, notes: [] }

/** Evaluates the collection with a fake gateway and the command's default settings. */
export async function evaluateWith(gateway: FakeGateway, more: Partial<EvaluationRequest> = {}): Promise<EvaluationReport> {
  const request = {
    collection,
    settings: defaultSettings,
    store: undefined,
    isReloaded: false,
    queriesMax: undefined,
    answersMax: 0,
    gates: [],
    choosing: undefined,
    seed: 1,
    ...more,
  }
  return evaluateCollection(request, {
    api: createEvaluationApi(gateway.client),
    knowledge: createKnowledgeApi(gateway.client),
    terminal: createTerminal(),
    now: Date.now,
    preciseNowMs: () => performance.now(),
    sleep: async () => undefined,
  })
}
