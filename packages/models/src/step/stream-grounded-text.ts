import type { Models } from '../create-models.ts'
import { judgeByCitations } from '../routing/choose-step-model.ts'
import { conflictPhrase, isAboutSearch, noEvidencePhrase } from './answer-prompt.ts'
import { type AskedModel, type StepCall, streamStepText } from './stream-step-text.ts'

export interface GroundedText {
  deltas: AsyncGenerator<string>
  /** For the reader that checks the citations: the phrases that the prompt asks for, and who is told how well the model cited. */
  citationOptions: {
    degraded: Set<string>
    noEvidencePhrase: string
    conflictPhrase: string
    isAboutSearch: typeof isAboutSearch
    /** Told the share of citations that could be verified, from which the router learns. */
    onCited: (verifiedShare: number) => void
  }
}

/** Streams the text of an answer from passages, by {@link streamStepText}. */
export function streamGroundedText(
  models: Models,
  asked: Omit<AskedModel, 'isGrounded' | 'onRoute'>,
  call: StepCall,
): GroundedText {
  const judgement = judgeByCitations()
  return {
    deltas: streamStepText(models, { ...asked, isGrounded: true, onRoute: judgement.follow }, call),
    citationOptions: { degraded: asked.degraded, noEvidencePhrase, conflictPhrase, isAboutSearch, onCited: judgement.tell },
  }
}
