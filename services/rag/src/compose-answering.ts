import type { Database } from '@weft/database'
import type { Execute } from '@weft/mesh'
import type { Models } from '@weft/models'
import { findByName, readOpenings, readSpread, verifyPatiently, verifyQuotes, widenPassages } from '@weft/retrieval'
import type { Logger } from '@weft/telemetry'
import type { AnswerTools } from './answer-question.ts'
import type { Search } from './create-search.ts'
import { executeStep } from './execute-step.ts'
import type { OverviewTools } from './find-overview.ts'
import { createQuestionRewriter, type RewriteQuestion } from './rewrite-question.ts'
import type { RagSettings } from './settings.ts'

export interface AnsweringDeps {
  settings: RagSettings
  database: Database
  search: Search
  onRead: OverviewTools['onRead']
  models: Models
  logger: Pick<Logger, 'warn'>
}

export interface Answering {
  execute: Execute
  rewriteQuestion: RewriteQuestion
}

/** What answers from the passages that a search finds. */
export function composeAnswering({ settings, database, search, onRead, models, logger }: AnsweringDeps): Answering {
  const rewriteQuestion = createQuestionRewriter({
    models,
    model: settings.WEFT_QUERY_MODEL,
    onProblem: (cause) => logger.warn('a question was rewritten by rules', { cause: String(cause) }),
  })
  const execute = executeStep({
    models,
    search,
    rewriteQuestion,
    findByName: (request) => findByName(database, request),
    readOpenings: (request) => readOpenings(database, request),
    readSpread: (document) => readSpread(database, document),
    onRead,
    abstainBelow: () => settings.WEFT_ABSTAIN_BELOW,
    widen: widening(database, settings.WEFT_PASSAGE_CHARS),
    verifyQuotes: (tenant) => verifyPatiently((quotes) => verifyQuotes(database, { tenant, quotes })),
  })
  return { execute, rewriteQuestion }
}

function widening(database: Database, charsMax: number): AnswerTools['widen'] {
  return charsMax === 0 ? undefined : (tenant, passages) => widenPassages(database, { tenant, passages, charsMax })
}
