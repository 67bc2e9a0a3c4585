import type { ExecuteRequest } from '@weft/contracts'
import type { Models } from '../create-models.ts'
import { offlineModelId } from '../registry/catalog.ts'
import { noEvidencePhrase } from './answer-prompt.ts'
import type { StepCall } from './stream-step-text.ts'

export interface NoEvidence {
  request: ExecuteRequest
  /** Marks of the answer are added to it. */
  degraded: Set<string>
  /** Goes on after {@link noEvidencePhrase}, and says what would help. */
  advice: string
}

/** Emits the whole answer of a step that has no passage to answer from. No model is asked, since no passage could tell it anything. */
export async function answerWithoutEvidence(
  models: Models,
  { request, degraded, advice }: NoEvidence,
  { emit }: Pick<StepCall, 'emit'>,
): Promise<void> {
  const model = request.model?.prefer ?? (await models.defaultModelId().catch(() => undefined))
  const wasSearched = ![...degraded].some((each) => each.startsWith('step_skipped:'))
  if (model === offlineModelId) degraded.add('offline_model')
  degraded.add('no_evidence')
  const text = `${noEvidencePhrase}${wasSearched ? ` ${advice}` : ': the documents could not be searched. Ask again in a moment.'}`
  emit({ type: 'text', delta: text })
  emit({ type: 'result', output: { text, degraded: [...degraded] }, citations: [], confidence: 0 })
}
